"""The key by which a run that goes on with an interrupted one names it in its start document.

``continues``: ``uid`` of the run before, ``first`` of all of the scan's runs, ``taken`` points by then, ``num_points``
of the whole.
"""

CONTINUES = "continues"
