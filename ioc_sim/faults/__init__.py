"""Faults on demand: what can go wrong inside a server, one file a family, all of them rows of one table."""
