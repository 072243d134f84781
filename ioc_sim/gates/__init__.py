"""Flights: several axes along a trajectory, gates on the way, rows that are latched and stored."""
