"""The run engine as a Tango device: what is measured, how far it has come, and a hand on it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from beam.latin import latin
from daq.tango_export.face import STATE, Act, Face, Form, Reading, Shown, Touch
from daq.tango_export.progress import Progress
from daq.tango_export.rights import Rights
from daq.tango_export.sources import Journals, OwnEngine, Source

DOCS = {
    "Pause": "Let the plan wait: what moves is stopped, the shutter closed; Resume repeats the point.",
    "Resume": "Let a plan go on that was paused here.",
    "Stop": "End the plan in order: its run closes as a success, with the points it has.",
    "Abort": "End the plan: its run closes as aborted, with the points it has.",
}


def engine_face(name: str, tango_class: str, engine: Any, data_dir: Path, rights: Rights) -> Face:
    """Return what is shown of the engine of this process or, where that is None, of those that write in `data_dir`."""
    source: Source = OwnEngine(engine) if engine is not None else Journals(data_dir)
    source.look()
    shown = _attributes(source.progress)

    def do(what: str) -> Callable[[], None]:
        def act() -> None:
            (rights.stop if what in ("Stop", "Abort") else rights.write)()
            source.do(what)

        return act

    return Face(
        name,
        tango_class,
        lambda: shown,
        source.stated,
        lambda: None,
        lambda touch: _watch(source, [one.name for one in shown], touch),
        {what: Act(doc, do(what)) for what, doc in DOCS.items()},
    )


def _attributes(progress: Progress) -> list[Shown]:
    def text(name: str, get: Callable[[], str], doc: str) -> Shown:
        return Shown(name, "string", lambda: Reading(latin(get()), progress.run.time), doc=doc)

    def whole(name: str, get: Callable[[], int], doc: str) -> Shown:
        return Shown(name, "int", lambda: Reading(get(), progress.run.time), doc=doc)

    def percent() -> Reading:
        value = progress.run.percent
        return Reading(value, progress.run.time, 3 if math.isnan(value) else 0)

    return [
        text("Uid", lambda: progress.run.uid, "of the current run or, between runs, of the last"),
        text("LastUid", lambda: progress.last_uid, "of the last run that has ended"),
        text("LastExitStatus", lambda: progress.last_status, "how that one ended"),
        text("Plan", lambda: progress.run.plan, "name of the plan"),
        whole("ScanId", lambda: progress.run.scan_id, "number of the run"),
        whole("Points", lambda: progress.run.points, "points taken"),
        whole("PointsExpected", lambda: progress.run.expected, "points that the plan will take; 0: it did not say"),
        Shown("Progress", "float", percent, lambda: Form("%", 1), doc="how much of it is done; invalid if not known"),
    ]


def _watch(source: Source, names: list[str], touch: Touch) -> Callable[[], None]:
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(source.look_s):
            if source.look():
                for name in (*names, STATE):
                    touch(name)

    threading.Thread(target=look, name="tango-engine", daemon=True).start()

    def end() -> None:
        ended.set()
        source.close()

    return end
