"""A station at a glance, in the terminal: what `terasu top` shows.

It looks and never moves, also while an engine holds the station. What devices say comes by their subscriptions, what
the queue does by what its manager publishes; nothing is asked again and again.
"""
