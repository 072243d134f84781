"""What the engine is at, from the messages it is about to process: moves and exposures under way, and past moves.

===============  ==================================================================================================
message          what is noted
===============  ==================================================================================================
set              a move of the device, from where it is now; if no run was opened by this plan, `undo` knows it
trigger          an exposure, with its nominal duration where the device tells it
wait             the engine waits for that group; with the next message, the wait is over
open_run         the plan is no mere move
===============  ==================================================================================================

A message hook of the engine, which must never fail a plan: what cannot be read now is left out.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devices.deadlines import PATIENCE


@dataclass(frozen=True)
class Under:
    """One move or exposure under way."""

    device: Any
    target: Any
    """Where it goes; None for an exposure."""
    began: float
    """Monotonic clock."""
    lasts_s: float | None
    """Nominal wall time; None if it is not known."""


@dataclass
class Moved:
    """Where devices were before one plan moved them; `undo` brings them back there."""

    time: float = field(default_factory=time.time)
    before: dict[Any, float] = field(default_factory=dict)


class Activity:
    """Watches the messages of one engine.

    Attributes
    ----------
    last_move
        Of the last plan that moved something and recorded no run.
    """

    def __init__(self, engine: Any) -> None:
        self.last_move: Moved | None = None
        self._plan = Moved()
        self._runs = 0
        self._under: dict[Any, list[Under]] = {}
        self._waits_for: Any = None
        self._lock = threading.Lock()
        self._listeners: list[Callable[[str], None]] = []
        engine.msg_hook = self.message
        engine.state_hook = self.state

    @property
    def under_way(self) -> list[Under]:
        """What moves and counts now by the plan's wish."""
        with self._lock:
            return [one for group in self._under.values() for one in group]

    def on_state(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each new state of the engine."""
        self._listeners.append(listener)

    def message(self, msg: Any) -> None:
        """Note one message, before it is processed."""
        with self._lock:
            if self._waits_for is not None:
                self._under.pop(self._waits_for, None)
                self._waits_for = None
        match msg.command:
            case "set":
                self._set(msg.obj, msg.args[0], msg.kwargs.get("group"))
            case "trigger":
                self._note(msg.kwargs.get("group"), Under(msg.obj, None, time.monotonic(), _exposure_s(msg.obj)))
            case "wait":
                self._waits_for = msg.kwargs.get("group", msg.args[0] if msg.args else None)
            case "open_run":
                self._runs += 1
            case _:
                pass

    def _set(self, device: Any, target: Any, group: Any) -> None:
        with contextlib.suppress(Exception):
            here = rest_position(device)
            if here is None:
                return
            self._plan.before.setdefault(device, here)
            nominal = device.nominal_s(target) / PATIENCE.time_scale if hasattr(device, "nominal_s") else None
            self._note(group, Under(device, target, time.monotonic(), nominal))

    def _note(self, group: Any, under: Under) -> None:
        with self._lock:
            self._under.setdefault(group, []).append(under)

    def state(self, new: str, old: str) -> None:
        """Note that a plan began or ended."""
        if new == "idle":
            if self._plan.before and not self._runs:
                self.last_move = self._plan
            self._plan, self._runs = Moved(), 0
        if new in ("idle", "paused"):
            with self._lock:
                self._under.clear()
                self._waits_for = None
        for listener in self._listeners:
            listener(new)


def rest_position(device: Any) -> float | None:
    """Return where a device stands as one would ask for it: the set-point, if it is there; None if it is no axis."""
    position = getattr(device, "position", None)
    if not isinstance(position, int | float) or isinstance(position, bool):
        return None
    wanted = device.locate()["setpoint"]
    facts = getattr(device, "facts", None)
    tolerance = getattr(facts, "tolerance", None) or getattr(facts, "tolerance_ev", 0.0)
    return float(wanted) if abs(wanted - position) <= tolerance else float(position)


def _exposure_s(device: Any) -> float | None:
    preset = getattr(device, "preset_time", None)
    with contextlib.suppress(Exception):
        return None if preset is None else preset.sample.value / PATIENCE.time_scale
    return None
