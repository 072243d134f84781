"""Where the export learns what is measured: from the engine of its own process, or from the journals of others.

=================  ==========================  ===================================================================
engine             state on Tango              when
=================  ==========================  ===================================================================
ours: idle         ON                          no run
ours: running      RUNNING                     also while it pauses, suspends, stops or aborts
ours: paused       STANDBY                     at its own prompt, or over Tango
ours: panicked     FAULT
another's          RUNNING                     the newest journal is open, and its writer holds it
another's          ON                          it is closed, or its writer has died
=================  ==========================  ===================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from pathlib import Path
from typing import Any, Protocol

from bluesky.run_engine import RunEngine, TransitionError  # pyright: ignore[reportPrivateImportUsage]
from bluesky.utils import RunEngineInterrupted

from daq import paths
from daq.errors import DataError, Refused
from daq.journal_reader import Tail, journals
from daq.tango_export.progress import Progress
from devices.state import State, Stated

log = logging.getLogger(__name__)

OWN_S = 0.1
"""Between two looks at the state of an engine in this process: it has one hook, which the shell uses."""
JOURNAL_S = 0.5
"""Between two looks at the journals."""
STATES = {"idle": State.ON, "paused": State.STANDBY, "panicked": State.FAULT}


class Source(Protocol):
    """What the engine's device needs."""

    progress: Progress
    look_s: float

    def look(self) -> bool:
        """See what there is to see; return whether anything has changed."""
        ...

    def stated(self) -> Stated:
        """Return state and sentence."""
        ...

    def do(self, what: str) -> None:
        """Pause, Resume, Stop or Abort."""
        ...

    def close(self) -> None:
        """Listen no longer."""
        ...


class OwnEngine:
    """The engine of this process."""

    look_s = OWN_S

    def __init__(self, engine: RunEngine) -> None:
        self._engine = engine
        self.progress = Progress()
        self._token = engine.subscribe(self._document)
        self._seen: tuple[Any, ...] = ()
        self._hold: asyncio.Event | None = None

    def _document(self, name: str, doc: Any) -> None:
        try:
            self.progress(name, doc)
        except Exception:  # whoever looks on must not be what a run fails of
            log.exception("the export could not follow a %s document", name)

    def close(self) -> None:
        """Listen no longer; what is held goes on."""
        self._engine.unsubscribe(self._token)
        self._release()

    def look(self) -> bool:
        """Return whether anything has changed."""
        if self._hold is not None and self._engine.state == "idle":
            self._hold = None
        now = (self._engine.state, self._hold, self.progress.run)
        changed, self._seen = now != self._seen, now
        return changed

    def stated(self) -> Stated:
        """Return state and sentence."""
        state, run = str(self._engine.state), self.progress.run
        if self._hold is not None and state != "idle":
            return Stated(State.STANDBY, f"{_words(self.progress)}; paused over Tango: Resume lets it go on")
        if state == "idle":
            return Stated(State.ON, _words(self.progress) if run.uid else "idle")
        return Stated(STATES.get(state, State.RUNNING), f"{state}; {_words(self.progress)}")

    def do(self, what: str) -> None:
        """Pause, Resume, Stop or Abort.

        Raises
        ------
        Refused
            There is nothing to do that to.
        """
        state = str(self._engine.state)
        if state == "idle":
            raise Refused(f"{what}: no plan runs")
        if what == "Pause":
            if state != "running" or self._hold is not None:
                raise Refused(f"Pause: the engine is {'paused' if self._hold is not None else state}")
            hold = self._hold = asyncio.Event()
            self._engine.request_suspend(hold.wait, justification="paused over Tango")
        elif what == "Resume":
            if self._hold is None:
                raise Refused(f"Resume: the engine is {state}" + (": resume it there" if state == "paused" else ""))
            self._release()
        else:
            self._end(what)

    def _end(self, what: str) -> None:
        def end() -> None:
            with contextlib.suppress(TransitionError, RunEngineInterrupted):
                self._engine.abort("aborted over Tango") if what == "Abort" else self._engine.stop()

        # it returns when the plan has cleaned up: nothing that a client should wait for
        threading.Thread(target=end, name="tango-end-run", daemon=True).start()

    def _release(self) -> None:
        if self._hold is not None:
            hold, self._hold = self._hold, None
            self._engine.loop.call_soon_threadsafe(hold.set)


class Journals:
    """The runs that engines of other processes write into a data directory."""

    look_s = JOURNAL_S

    def __init__(self, data_dir: Path) -> None:
        self._directory = paths.journal_dir(data_dir)
        self.progress = Progress()
        self._tail: Tail | None = None
        self._trouble = ""

    def close(self) -> None:
        """Let go of the journal."""
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def look(self) -> bool:
        """Read what was written since the last look; return whether that says anything new."""
        before = (self.progress.run, self._trouble)
        try:
            self._follow()
            self._trouble = ""
        except (OSError, DataError) as error:
            self._trouble = str(error)
        return before != (self.progress.run, self._trouble)

    def _follow(self) -> None:
        if not self.progress.under_way:
            newest = max(journals(self._directory), key=lambda one: one.stat().st_mtime, default=None)
            if newest is None or (self._tail is not None and self._tail.path == newest):
                return
            self.close()
            self._tail = Tail(newest)
        if self._tail is None:
            return
        gone = self._tail.writer_is_gone()  # asked first: what it wrote before is then all there
        for name, doc in self._tail.poll():
            self.progress(name, doc)
        if gone and self.progress.under_way:
            self.progress.end("fail", "its engine died", time.time())

    def stated(self) -> Stated:
        """Return state and sentence."""
        if self._trouble:
            return Stated(State.UNKNOWN, self._trouble)
        if not self.progress.run.uid:
            return Stated(State.ON, f"no run in {self._directory}")
        return Stated(State.RUNNING if self.progress.under_way else State.ON, _words(self.progress))

    def do(self, what: str) -> None:
        """Refuse: the engine is another process's."""
        raise Refused(f"{what}: the engine runs in another process; this export only tells what it measures")


def _words(progress: Progress) -> str:
    run = progress.run
    if not run.uid:
        return "no run is open"
    of = f" of {run.expected}" if run.expected else ""
    end = f": {run.exit_status}{f', {run.reason}' if run.reason else ''}" if run.exit_status else ""
    return f"scan {run.scan_id}, {run.plan}, {run.points}{of} points{end}"
