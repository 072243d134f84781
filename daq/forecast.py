"""What a plan would do, gathered while it is walked without being executed: moves, points, files, time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.deadlines import PATIENCE

PER_MESSAGE_S = 0.0005
"""What a message takes in the engine beyond motion and counting, in wall time; half or double that is usual."""
RELATIVE = 0.03
"""How well nominal durations foretell real ones."""
GB = 1e9


@dataclass
class Moves:
    """Where one device would go."""

    unit: str
    count: int = 0
    low: Any = None
    high: Any = None
    last: Any = None

    def add(self, value: Any) -> None:
        """Note one move."""
        self.count += 1
        self.last = value
        if self.low is None or value < self.low:
            self.low = value
        if self.high is None or value > self.high:
            self.high = value


@dataclass
class Files:
    """What one detector would write, and where."""

    directory: Path
    triggers: int = 0
    bytes: float = 0.0
    free_bytes: float | None = None
    """What is free on the disk of the directory; None if it is not there on this machine."""


@dataclass(repr=False)
class Forecast:
    """What the messages seen so far would do.

    `least_s` is the time that motions, counts and sleeps take by the devices' own speeds and presets, in seconds of
    the devices' clock; each wait lasts as long as the slowest of what it waits for. `expected_s` is wall time, with
    what the engine adds, good to `uncertainty_s`. A detector that does not tell how long it takes is in `untimed`.
    """

    messages: int = 0
    whole: bool = False
    why: str = ""
    """Why it is not the whole plan."""
    runs: int = 0
    points: int = 0
    least_s: float = 0.0
    moves: dict[str, Moves] = field(default_factory=dict)
    files: dict[str, Files] = field(default_factory=dict)
    untimed: set[str] = field(default_factory=set)

    @property
    def expected_s(self) -> float:
        """How long it should take, in seconds of wall time."""
        return self.least_s / PATIENCE.time_scale + PER_MESSAGE_S * self.messages

    @property
    def uncertainty_s(self) -> float:
        """How much longer or shorter it may well take."""
        return RELATIVE * self.least_s / PATIENCE.time_scale + PER_MESSAGE_S * self.messages

    @property
    def checked(self) -> str:
        """How far it was checked, in words that runs record."""
        return "the whole plan" if self.whole else f"up to message {self.messages}; {self.why}"

    def note_move(self, device: Any, value: Any) -> None:
        """Note one move of a device."""
        moves = self.moves.get(device.name)
        if moves is None:
            moves = self.moves[device.name] = Moves(str(getattr(device, "unit", "") or ""))
        moves.add(value)

    def record(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "checked": self.checked,
            "messages": self.messages,
            "whole": self.whole,
            "runs": self.runs,
            "points": self.points,
            "least_s": round(self.least_s, 3),
            "expected_s": round(self.expected_s, 3),
            "uncertainty_s": round(self.uncertainty_s, 3),
            "untimed": sorted(self.untimed),
            "moves": {
                name: {"count": one.count, "low": one.low, "high": one.high, "unit": one.unit}
                for name, one in self.moves.items()
            },
            "files": {
                name: {"directory": str(one.directory), "bytes": one.bytes, "free_bytes": one.free_bytes}
                for name, one in self.files.items()
            },
        }

    def lines(self) -> list[str]:
        """Return the report."""
        more = f", and what {', '.join(sorted(self.untimed))} takes" if self.untimed else ""
        rest = "" if self.whole else " for what was checked"
        found = [
            f"checked: {self.checked}; nothing moved",
            f"  {self.runs} run(s), {self.points} events, {_duration(self.expected_s, self.uncertainty_s)}{rest}{more} "
            f"({self.least_s:.1f} s of motion and counting)",
        ]
        for name, one in self.moves.items():
            where = f"{_short(one.low)} … {_short(one.high)} {one.unit}".rstrip()
            found.append(f"  {name:<24} {one.count:>6} x  {where}")
        for name, one in self.files.items():
            free = "not on this machine" if one.free_bytes is None else f"{one.free_bytes / GB:.3g} GB free"
            found.append(f"  {name:<24} {one.triggers:>6} x  {one.bytes / GB:.3g} GB to {one.directory} ({free})")
        return found

    def __repr__(self) -> str:
        return "\n".join(self.lines())


def _duration(seconds: float, give: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} ± {give:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} ± {give / 60:.1f} min"
    return f"{seconds / 3600:.2f} ± {give / 3600:.2f} h"


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
