"""What a plan would do, gathered while it is walked without being executed: moves, points, time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
class Forecast:
    """What the messages seen so far would do.

    `least_s` is the time that motions, counts and sleeps take by the devices' own speeds and presets, in seconds of
    the devices' clock; each wait lasts as long as the slowest of what it waits for. What passes between them is not in
    it, nor is a reading that a detector makes in a time that it does not tell.
    """

    messages: int = 0
    whole: bool = False
    runs: int = 0
    points: int = 0
    least_s: float = 0.0
    moves: dict[str, Moves] = field(default_factory=dict)
    _at: dict[Any, Any] = field(default_factory=dict, repr=False)
    _groups: dict[Any, float] = field(default_factory=dict, repr=False)

    def see(self, msg: Any) -> None:
        """Take the next message."""
        self.messages += 1
        handler = getattr(self, f"_{msg.command}", None)
        if handler is not None:
            handler(msg)

    def record(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "messages": self.messages,
            "whole": self.whole,
            "runs": self.runs,
            "points": self.points,
            "least_s": round(self.least_s, 3),
            "moves": {
                name: {"count": one.count, "low": one.low, "high": one.high, "unit": one.unit}
                for name, one in self.moves.items()
            },
        }

    def _open_run(self, _: Any) -> None:
        self.runs += 1

    def _save(self, _: Any) -> None:
        self.points += 1

    def _sleep(self, msg: Any) -> None:
        self.least_s += float(msg.args[0])

    def _set(self, msg: Any) -> None:
        value, takes_s = msg.args[0], 0.0
        for axis, target in parts(msg.obj, value, self._at):
            start = self._at.get(axis, axis.position)
            takes_s = max(takes_s, axis.nominal_between(start, target))
            if axis is not msg.obj:
                self._note(axis, target)
            self._at[axis] = target
        self._at[msg.obj] = value
        self._note(msg.obj, value)
        self._begin(msg, takes_s)

    def _trigger(self, msg: Any) -> None:
        preset = getattr(msg.obj, "preset_time", None)
        takes_s = 0.0 if preset is None else float(self._at.get(preset, preset.sample.value))
        self._begin(msg, takes_s)

    def _wait(self, msg: Any) -> None:
        group = msg.kwargs.get("group", msg.args[0] if msg.args else None)
        self.least_s += self._groups.pop(group, 0.0)

    def _begin(self, msg: Any, takes_s: float) -> None:
        group = msg.kwargs.get("group")
        self._groups[group] = max(self._groups.get(group, 0.0), takes_s)

    def _note(self, device: Any, value: Any) -> None:
        unit = str(getattr(device, "unit", "") or "")
        self.moves.setdefault(device.name, Moves(unit)).add(value)


def parts(device: Any, value: Any, at: dict[Any, Any]) -> list[tuple[Any, float]]:
    """Return the axes that `device` would move to get to `value`, and where to."""
    if hasattr(device, "targets_for"):
        harmonic = int(at.get(device.harmonic_choice, 0))
        return [(device.axes[key], target) for key, target in device.targets_for(float(value), harmonic).items()]
    return [(device, float(value))] if hasattr(device, "nominal_between") else []
