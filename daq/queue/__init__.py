"""The queue of a station: bluesky-queueserver over our plans, its processes, and what `terasu queue` asks of them.

Imported by the manager's processes before they fork: nothing here may import a control system at module level, but
`startup` and `offer`, which only the worker imports.
"""
