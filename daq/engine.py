"""The run engine as Terasu runs it: journal first, sleeps in device time, signals that mean something."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from bluesky.run_engine import RunEngine
from bluesky.utils import RunEngineInterrupted

from beam.errors import TerasuError
from daq import logs
from daq.bundler import Engine
from daq.device_clock import DeviceClock
from daq.errors import Refused, RunAborted, RunFailed, innermost, story
from daq.flown_rows import FlownRows
from daq.journal import Journal
from daq.scan_number import ScanNumber


class Outcome:
    """What became of the runs of one plan; a document callback."""

    def __init__(self) -> None:
        self.uids: list[str] = []
        self.stops: dict[str, dict[str, Any]] = {}
        self.num_points = 0
        """Events, or rows of flights, in the primary streams; counted, because a stop may find no room on the disk."""
        self._primary: set[str] = set()
        self._rows = FlownRows()

    def __call__(self, name: str, doc: Any) -> None:
        """Note what happens; the journal has taken each document before."""
        if name == "event":
            self.num_points += doc["descriptor"] in self._primary
        elif name == "event_page":
            self.num_points += len(doc["seq_num"]) if doc["descriptor"] in self._primary else 0
        elif name == "descriptor" and doc.get("name") == "primary":
            self._primary.add(doc["uid"])
            self._rows.described(doc)
        elif name == "stream_datum":
            self.num_points += self._rows.more(doc)
        elif name == "start":
            self.uids.append(doc["uid"])
        elif name == "stop":
            self.stops[doc["run_start"]] = doc

    @property
    def exit_status(self) -> str:
        """``success`` only if every run that was opened was closed as a success."""
        if all(self.stops.get(uid, {}).get("exit_status") == "success" for uid in self.uids):
            return "success"
        return next(
            (s for uid in self.uids if (s := self.stops.get(uid, {}).get("exit_status", "fail")) != "success"),
            "fail",
        )


def make_engine(data_dir: Path, beamline: str, metadata: dict[str, Any], clock: DeviceClock, signals: Any) -> RunEngine:
    """Build a run engine whose every document is in the journal before the plan goes on.

    Parameters
    ----------
    data_dir
        Where the journal is kept.
    beamline
        Name of the beamline, for the scan numbers.
    metadata
        What every run records.
    clock
        Processes the plans' ``sleep`` messages.
    signals
        The context manager class that holds the signals while a plan runs (`daq.signals`).
    """
    engine = Engine(
        dict(metadata), context_managers=[signals], scan_id_source=ScanNumber(data_dir, beamline), loop=None
    )
    engine.ignore_callback_exceptions = False
    engine.register_command("sleep", clock.sleep)
    engine.subscribe(Journal(data_dir / "journal"))
    engine.subscribe(logs.note_run)
    return engine


def execute(engine: RunEngine, plan: Any, *callbacks: Any) -> Outcome:
    """Run `plan` to its end and say truthfully what became of it.

    Raises
    ------
    Refused
        Nothing was opened and nothing moved.
    RunAborted
        Somebody ended the run.
    RunFailed
        Anything else that is not success; carries the cause.
    """
    outcome = Outcome()
    try:
        engine(plan, [outcome, *callbacks])
    except RunEngineInterrupted as error:
        if engine.state == "paused":
            engine.abort("the plan paused and nobody is there to resume it")
        raise RunAborted("the run was aborted; the points taken so far are kept", outcome) from error
    except Exception as error:
        cause = innermost(error)
        if not outcome.uids and isinstance(cause, TerasuError):
            raise Refused(str(cause)) from error
        raise RunFailed(story(error), outcome) from error
    if outcome.exit_status != "success":
        raise RunFailed(f"the run closed as {outcome.exit_status!r}", outcome)
    return outcome


def abandon_paused(engine: RunEngine) -> None:
    """Abort a run that was paused and will not be resumed, so that it is closed and cleaned up as such."""
    if engine.state == "paused":
        with contextlib.suppress(RunEngineInterrupted):
            engine.abort("the session ended while the run was paused")
