"""The integrity report of a run: is what was measured all there, and was it all measured?

Written into each run just before it closes, as the one event of the stream ``integrity``; a run that lacks something
closes as failed, whatever its plan says.

=====================  ==================================================  =======================================
key (``integrity_…``)  what                                                closes as failed
=====================  ==================================================  =======================================
events_expected        ``num_points`` of the plan; -1 where it says none   if more than were written, and the plan
                                                                           came to its own end
events_written         events of the stream ``primary``; of a flight, rows
seq_gaps               numbers that are missing between events             if there are any
exposures_triggered    triggers of detectors that count their exposures
exposures_made         what those detectors counted; -1 if not to be had   if fewer than triggered
frames_expected        frames of the file-writing detectors
frames_written         those that are in their files now                   if other than expected
points_repeated        spoiled points that were taken again
suspensions            how often the run waited for conditions
suspended              how long, in device seconds
marked                 readings that were recorded though unfit
verdict                ``complete``, or what is not
=====================  ==================================================  =======================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from bluesky.utils import Msg, MsgGenerator

from beam.errors import TerasuError
from daq.guard import Guard
from daq.note import Note
from devices.signals import INVALID

NONE = -1
COMPLETE = "complete"


class Incomplete(TerasuError):
    """A run whose plan ended as if all were well, but in which something is missing."""


@runtime_checkable
class CountsExposures(Protocol):
    """A detector that knows how many exposures it ever made."""

    def exposures_made(self) -> int | None:
        """Return the number, asked for now; None where it does not count them."""
        ...


@runtime_checkable
class KeepsFrames(Protocol):
    """A detector that writes frames into files of its own."""

    def frames_expected(self) -> int:
        """Return the number of frames that its triggers so far asked for."""
        ...

    def frames_in_files(self) -> int:
        """Return the number of frames that are in the files of these triggers now."""
        ...


@dataclass
class Tally:
    """What is known of one open run."""

    expected: int
    repeated: int
    suspensions: int
    suspended_s: float
    events: int = 0
    marked: int = 0
    triggers: dict[Any, int] = field(default_factory=dict)
    exposures: dict[Any, int] = field(default_factory=dict)
    given_up: dict[Any, int] = field(default_factory=dict)
    frames: dict[Any, tuple[int, int]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """Events of the points; where they fly, rows of the column that has fewest."""
        return self.events or min(self.rows.values(), default=0)

    gaps: int = 0


class Integrity:
    """A preprocessor and a document callback for the run engine; outside of `guard`, to see what that repeats."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.note = Note("integrity", "integrity", {"suspended": "s"})
        self._runs: dict[Any, Tally] = {}
        self._kinds: dict[type, tuple[bool, bool]] = {}  # whether it counts exposures, keeps frames: slow to find out
        self._by_uid: dict[str, Tally] = {}
        self._streams: dict[str, tuple[Tally, str, frozenset[str]]] = {}

    # -- documents ---------------------------------------------------------------------------------------------

    def document(self, name: str, doc: Any) -> None:
        """Count the events."""
        if name == "descriptor" and (tally := self._by_uid.get(doc["run_start"])):
            severities = frozenset(key for key in doc["data_keys"] if key.endswith("_severity"))
            self._streams[doc["uid"]] = (tally, str(doc["name"]), severities)
        elif name == "event" and doc["descriptor"] in self._streams:
            tally, stream, severities = self._streams[doc["descriptor"]]
            tally.events += stream == "primary"
            tally.gaps += max(0, doc["seq_num"] - tally.numbers.get(stream, 0) - 1)
            tally.numbers[stream] = max(tally.numbers.get(stream, 0), doc["seq_num"])
            tally.marked += sum(doc["data"][key] >= INVALID for key in severities)
        elif name == "stream_resource" and (tally := self._by_uid.get(doc["run_start"])):
            tally.keys[doc["uid"]] = doc["data_key"]
        elif name == "stream_datum" and doc["descriptor"] in self._streams:
            tally, stream, _ = self._streams[doc["descriptor"]]
            if stream == "primary" and (key := tally.keys.get(doc["stream_resource"])):
                tally.rows[key] = tally.rows.get(key, 0) + doc["indices"]["stop"] - doc["indices"]["start"]
            if (first := tally.resources.setdefault(doc["stream_resource"], stream)) != stream:
                raise Incomplete(
                    f"a detector's file holds frames of the streams {first!r} and {stream!r}: "
                    "it must be staged for each stream by itself"
                )
        elif name == "stop":
            tally = self._by_uid.pop(doc["run_start"], None)
            self._streams = {uid: one for uid, one in self._streams.items() if one[0] is not tally}

    # -- messages ----------------------------------------------------------------------------------------------

    def __call__(self, plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
        """Return `plan` with a report at the end of each of its runs."""
        answer: Any = None
        error: Exception | None = None
        self._runs.clear()
        while True:
            try:
                msg = plan.send(answer) if error is None else plan.throw(error)
            except StopIteration as end:
                return end.value
            error = None
            try:
                answer = yield from self._handle(msg)
            except GeneratorExit:
                plan.close()
                raise
            except Exception as raised:
                answer, error = None, raised

    def _handle(self, msg: Msg) -> MsgGenerator[Any]:
        match msg.command:
            case "open_run":
                uid = yield msg
                expected = msg.kwargs.get("num_points")
                guard = self.guard
                self._runs[msg.run] = self._by_uid[uid] = Tally(
                    expected if isinstance(expected, int) else NONE,
                    guard.repeated,
                    guard.suspensions,
                    guard.suspended_s,
                )
                return uid
            case "trigger" | "kickoff":
                for tally in self._runs.values():
                    self._triggered(tally, msg.obj)
            case "close_run" if msg.run in self._runs:
                return (yield from self._close(msg, self._runs.pop(msg.run)))
            case _:
                pass
        return (yield msg)

    def _triggered(self, tally: Tally, device: Any) -> None:
        if (kind := self._kinds.get(type(device))) is None:
            kind = self._kinds[type(device)] = (isinstance(device, CountsExposures), isinstance(device, KeepsFrames))
        counts_exposures, keeps_frames = kind
        if counts_exposures:
            if device not in tally.triggers and (made := device.exposures_made()) is not None:
                tally.triggers[device], tally.exposures[device] = 0, made
                tally.given_up[device] = _given_up(device)
            if device in tally.triggers:
                tally.triggers[device] += 1
        if keeps_frames and device not in tally.frames:
            tally.frames[device] = (device.frames_expected(), device.frames_in_files())

    def _close(self, msg: Msg, tally: Tally) -> MsgGenerator[Any]:
        status = msg.kwargs.get("exit_status")
        wrong, figures = self._examine(tally, came_to_its_end=status is None)
        if status not in (None, "success"):
            verdict = f"the run ended as {status!r}" + (f"; {wrong}" if wrong else "")
        else:
            verdict = wrong or COMPLETE
        yield from self.note.say(msg.run, **figures, verdict=verdict)
        if wrong and status in (None, "success"):
            yield msg._replace(kwargs={**msg.kwargs, "exit_status": "fail", "reason": wrong})
            raise Incomplete(wrong)
        return (yield msg)

    def _examine(self, tally: Tally, *, came_to_its_end: bool) -> tuple[str, dict[str, Any]]:
        wrong: list[str] = []
        if tally.gaps:
            wrong.append(f"{tally.gaps} events are missing between others")
        if came_to_its_end and tally.expected > tally.written:
            wrong.append(f"{tally.written} of {tally.expected} events were written")
        made = self._exposures(tally, wrong)
        frames = self._frames(tally, wrong)
        guard = self.guard
        return "; ".join(wrong), {
            "events_expected": tally.expected,
            "events_written": tally.written,
            "seq_gaps": tally.gaps,
            "exposures_triggered": sum(tally.triggers.values()),
            "exposures_made": made,
            "frames_expected": frames[0],
            "frames_written": frames[1],
            "points_repeated": guard.repeated - tally.repeated,
            "suspensions": guard.suspensions - tally.suspensions,
            "suspended": guard.suspended_s - tally.suspended_s,
            "marked": tally.marked,
        }

    def _exposures(self, tally: Tally, wrong: list[str]) -> int:
        total = 0
        for device, triggered in tally.triggers.items():
            try:
                made = (device.exposures_made() or 0) - tally.exposures[device]
            except TerasuError as error:
                wrong.append(str(error))
                return NONE
            total += made
            if made + _given_up(device) - tally.given_up[device] < triggered:
                wrong.append(f"{device.name} was triggered {triggered} times and made {made} exposures")
        return total

    def _frames(self, tally: Tally, wrong: list[str]) -> tuple[int, int]:
        expected = written = 0
        for device, before in tally.frames.items():
            asked, found = device.frames_expected() - before[0], device.frames_in_files() - before[1]
            expected, written = expected + asked, written + found
            if asked != found:
                wrong.append(f"{device.name}: {found} of {asked} frames are in its files")
        return expected, written


def _given_up(device: Any) -> int:
    """Return how many exposures a device was told to stop: a pause, an abort; those need not be counted."""
    return int(getattr(device, "exposures_given_up", 0))
