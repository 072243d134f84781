"""What the user is told when a run has ended: its uid, how it ended, where it is, its peak, and whether to trust it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daq.errors import UsageError
from daq.integrity import COMPLETE
from daq.journal import SUFFIX
from daq.shell.last_scan import LastScan
from plans.peak import NoPeak, Peak

STREAMS = ("integrity", "suspensions")


class Report:
    """A document callback; `lines` may be asked for again.

    Parameters
    ----------
    last
        Subscribed before this.
    data_dir
        Where the journal is.
    say
        Takes each line.
    """

    def __init__(self, last: LastScan, data_dir: Path, say: Callable[[str], None]) -> None:
        self.last, self.data_dir, self.say = last, data_dir, say
        self._streams: dict[str, str] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._files: list[str] = []
        self._points = 0

    def __call__(self, name: str, doc: Any) -> None:
        """Take one document."""
        if name == "start":
            self._streams, self._events, self._files, self._points = {}, {}, [], 0
        elif name == "descriptor":
            self._streams[doc["uid"]] = str(doc["name"])
        elif name == "event":
            stream = self._streams.get(doc["descriptor"], "")
            self._points += stream == "primary"
            if stream in STREAMS:
                self._events.setdefault(stream, []).append(doc["data"])
        elif name == "stream_resource":
            self._files.append(str(doc["uri"]).removeprefix("file://localhost"))
        elif name == "resource":
            self._files.append(str(Path(doc["root"]) / doc["resource_path"]))
        elif name == "stop":
            for line in self.lines():
                self.say(line)

    def lines(self) -> list[str]:
        """Return the report of the last run."""
        start, stop = self.last.start, self.last.stop
        if not start:
            raise UsageError("no run yet in this session")
        uid, status = start["uid"], stop.get("exit_status", "not closed yet")
        took = f" in {stop['time'] - start['time']:.1f} s" if stop else ""
        found = [
            f"{status}: {self._points} points{took}, scan {start.get('scan_id')} ({start.get('plan_name')}), run {uid}"
        ]
        if (reason := stop.get("reason")) and status != "success":
            found.append(f"  reason      {reason}")
        day = time.strftime("%Y-%m-%d", time.localtime(start["time"]))
        files = [str(self.data_dir / "journal" / day / f"{uid}{SUFFIX}"), *dict.fromkeys(self._files)]
        found += [f"  {'files' if n == 0 else '':<10}  {one}" for n, one in enumerate(files)]
        found += self._peak()
        found += self._integrity(status)
        found += self._suspensions()
        return found

    def _peak(self) -> list[str]:
        if not self.last.is_line or not self.last.detectors:
            return []
        try:
            detector, peak = self.last.peak()
        except NoPeak:
            return []
        return [f"  {peak.kind:<10}  {in_words(self.last, detector, peak)}"]

    def _integrity(self, status: str) -> list[str]:
        events = self._events.get("integrity")
        if not events:
            return ["  integrity   WARNING: the run has no integrity report"]
        figures = {key.removeprefix("integrity_"): value for key, value in events[-1].items()}
        verdict = str(figures["verdict"])
        found = [f"  integrity   {verdict if verdict == COMPLETE else f'WARNING: {verdict}'}"]
        if figures["points_repeated"]:
            found.append(f"              {figures['points_repeated']} spoiled points were taken again")
        if figures["marked"]:
            found.append(f"              WARNING: {figures['marked']} readings were recorded though unfit")
        return found

    def _suspensions(self) -> list[str]:
        found: list[str] = []
        for n, one in enumerate(self._events.get("suspensions", [])):
            reason, waited = one["suspension_reason"], one["suspension_waited"]
            found.append(
                f"  {'suspended' if n == 0 else '':<10}  {waited:.0f} s at point {one['suspension_point']}: {reason}"
            )
        return found


def in_words(last: LastScan, detector: str, peak: Peak) -> str:
    """Return a peak's figures with the motor's unit."""
    assert last.x is not None
    digits = last.keys[last.x].get("precision")
    digits = 4 if digits is None else int(digits)
    unit = last.unit(last.x)
    at = ", ".join(f"{name} {getattr(peak, name):.{digits}f}" for name in ("peak", "cen", "com", "fwhm"))
    return f"{detector} against {last.x}: {at} {unit}".rstrip()
