"""What an engine does whose station is taken over: it aborts its plan, closes its shutter, and says when it rests."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Sequence

from bluesky.run_engine import (
    RunEngine,
    TransitionError,  # pyright: ignore[reportPrivateImportUsage]
)
from bluesky.utils import RunEngineInterrupted

from daq.lease.lease import Lease
from devices import Shutter

log = logging.getLogger(__name__)

LOOK_S = 0.05
"""Between two looks at the engine's state."""


class StandDown:
    """Listens to a lease on behalf of an engine.

    Parameters
    ----------
    lease
        Of the station.
    engine
        That moves it.
    shutters
        Closed at the end, where this engine opened them.
    """

    def __init__(self, lease: Lease, engine: RunEngine, shutters: Sequence[Shutter]) -> None:
        self._lease, self._engine, self._shutters = lease, engine, shutters
        self._rests = threading.Event()
        lease.at_rest = self._rests.is_set
        lease.on_lost(lambda: threading.Thread(target=self._come_to_rest, name="stand down", daemon=True).start())

    def _come_to_rest(self) -> None:
        told = False
        while self._engine.state not in ("idle", "panicked"):
            # while it comes to a pause, it cannot be spoken to
            if not told and self._engine.state in ("running", "paused"):
                with contextlib.suppress(TransitionError, RunEngineInterrupted):
                    told = True
                    self._engine.abort(self._lease.why)
            self._rests.wait(LOOK_S)
        for shutter in self._shutters:
            try:
                if shutter.wanted == "open" and shutter.reported != "Closed":
                    shutter.set("close").wait()
            except Exception:
                log.exception("%s was not closed", shutter.name)
        self._rests.set()
