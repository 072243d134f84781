"""What a server that starts again knows of its life before.

The **world** outlives any server: where the mechanics stands, what is open, what is in the beam, how many exposures
there were, the clock. **Settings** are what records were told; they survive where they were saved (autosave).
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from beam.clock import Clock, ExperimentClock, LiveClock

Kept: TypeAlias = dict[str, Any]
"""What of a device is kept, in the form of JSON."""


@dataclass
class Memory:
    """Handed from a server to the one that takes its place.

    Parameters
    ----------
    autosave : bool
        Whether settings were saved.
    clock : dict[str, float]
        Its time, or a live clock's epoch.
    paused : bool
        Whether time stands still.
    world, settings : dict[str, Any]
        By device.
    faults, timetable
        What is wrong, and what is not yet due.
    files : str
        A directory of the server's own that detectors write below: whoever goes last removes it.
    """

    autosave: bool
    clock: dict[str, float] = field(default_factory=dict)
    paused: bool = False
    world: Kept = field(default_factory=dict)
    settings: Kept = field(default_factory=dict)
    faults: list[dict[str, Any]] = field(default_factory=list)
    timetable: dict[str, Any] = field(default_factory=dict)
    files: str = ""

    def note_clock(self, clock: Clock) -> None:
        """Note what time it is."""
        self.clock = {"epoch": clock.epoch} if isinstance(clock, LiveClock) else {"time_s": clock.now()}

    def set_clock(self, clock: Clock) -> None:
        """Let a new clock go on where the old one was."""
        if isinstance(clock, LiveClock):
            clock.epoch = self.clock["epoch"]
        elif isinstance(clock, ExperimentClock):
            clock.set(self.clock["time_s"])

    def hand_over(self) -> int:
        """Return an open file for the process that takes this one's place; nothing of it stays on the disk."""
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(asdict(self), default=_plain).encode())
            file.flush()
            descriptor = os.dup(file.fileno())
        os.set_inheritable(descriptor, True)
        return descriptor


def _plain(value: Any) -> Any:
    """Return as Python's own what came over the wire as numpy's."""
    return value.item()


def take_over(descriptor: int) -> Memory:
    """Read what the process before this one handed over."""
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return Memory(**json.loads(file.read()))
