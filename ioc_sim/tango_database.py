"""The Tango database of a simulation: ``python -m ioc_sim.tango_database PORT``, on loopback, kept in memory.

It is pytango-db, which needs no other service. It ends with its parent, and forgets everything: what a memorised
attribute or a property was set to lasts as long as the simulation.
"""

from __future__ import annotations

import os
import sys

from ioc_sim import watch
from ioc_sim.sockets import LOOPBACK

INSTANCE = "2"  # the only one that its own tables know


def main(port: str) -> None:
    """Serve until the parent ends."""
    watch.end_early_on_signals()
    watch.ParentWatch().start()
    os.environ |= {"PYTANGO_DATABASE_NAME": ":memory:", "TANGO_HOST": f"{LOOPBACK}:{port}"}
    from databaseds import database

    database.main(["--host", LOOPBACK, "--port", port, INSTANCE])


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    os._exit(0)
