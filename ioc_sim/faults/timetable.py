"""When faults begin and end by themselves: a scenario's entries, and what was set for a time.

=============================  ====================================================================================
what is due                    when
=============================  ====================================================================================
an entry with `at_s`           the clock has reached it; whatever took the time has not completed yet
an entry, `after_exposures`    so many exposures have been made; the last of them has not completed yet
the end of a fault             `clear_after_s` after its beginning, by the clock
the end of one that holds      `clear_after_s` after it first held something: the clock, which would stand still with
                               what is held, goes on by as much
the end of a server's absence  the server that is gone knows no clock: `clear_after_s` of wall time
=============================  ====================================================================================

Nothing here looks at the wall clock, so a scenario acts at the same points of the experiment at any time scale. What is
due at the same time acts in the order of the file.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beam.clock import Clock
from beam.errors import TerasuError
from beam.scenario import Entry
from ioc_sim.faults.active import Active, ActiveFaults
from ioc_sim.faults.row import FOR_S

LIVE_S = 0.02
"""Wall time between two looks at a live clock."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moments:
    """What a server knows of time.

    Parameters
    ----------
    clock : Clock
        Its clock.
    exposures : Callable[[], int], optional
        How many exposures it has made.
    take : Callable, optional
        Lets so many device seconds pass, on the wall and by the clock.
    backdate : Callable, optional
        Says at what time (s) happens what happens next; None for now.
    """

    clock: Clock
    exposures: Callable[[], int] = lambda: 0
    take: Callable[[float], Awaitable[None]] | None = None
    backdate: Callable[[float | None], None] = lambda _: None


class Timetable:
    """What is due in one server; `changed` is called when faults have begun or ended.

    Parameters
    ----------
    faults : ActiveFaults
        Where faults begin and end.
    moments : Moments
        The server's time.
    changed : Callable[[], None]
        Called after each beginning and end.
    """

    def __init__(self, faults: ActiveFaults, moments: Moments, changed: Callable[[], None]) -> None:
        self._faults, self._moments, self._changed = faults, moments, changed
        self._entries: list[tuple[int, Entry]] = []
        self._begin: Callable[[Entry, float], Awaitable[None]] = self._own
        self._ends: list[tuple[float, int, str, str]] = []
        self._held: dict[tuple[str, str], float] = {}
        self._counted = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def add(
        self, entries: Sequence[tuple[int, Entry]], elsewhere: Callable[[Entry], Awaitable[None]] | None = None
    ) -> None:
        """Take a scenario's entries, numbered as in the file; those of another server are passed on when due."""

        async def begin(entry: Entry, at_s: float) -> None:
            if elsewhere and not self._faults.has(entry.fault, entry.target):
                await elsewhere(entry)
            else:
                await self._own(entry, at_s)

        self._begin = begin
        self._entries = list(entries)

    async def set(self, name: str, target: str, given: Mapping[str, Any], clear_after_s: float | None) -> None:
        """Let a fault begin now, for a time if one is given."""
        await self._set(name, target, given, clear_after_s, self._moments.clock.now())

    async def passed(self) -> None:
        """See to all that is due."""
        while due := self._next():
            at_s, entry, end = due
            try:
                if entry is not None:
                    await self._begin(entry, at_s)
                elif end is not None:
                    await self._at(at_s, self._faults.clear(*end))
            except TerasuError as error:
                log.warning("scenario: %s", error)
            self._changed()

    async def watch(self) -> None:
        """See to all that is due by a live clock."""
        while True:
            await asyncio.sleep(LIVE_S)
            await self.passed()

    def remember(self) -> dict[str, Any]:
        """Return what is not yet due."""
        held = [[*key, seconds] for key, seconds in self._held.items()]
        return {"entries": [number for number, _ in self._entries], "ends": self._ends, "held": held}

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Forget what was due before the server came back."""
        self._entries = [(number, entry) for number, entry in self._entries if number in memory["entries"]]
        self._ends = [(at_s, number, name, target) for at_s, number, name, target in memory["ends"]]
        for name, target, seconds in memory["held"]:
            for active in self._faults.active:
                if (active.fault.name, active.target) == (name, target):
                    self._hold(active, seconds)

    # ---- beginnings and ends

    def _next(self) -> tuple[float, Entry | None, tuple[str, str] | None] | None:
        """Take out what is due first: when, and an entry that begins or the name and target of what ends."""
        if not self._entries and not self._ends:
            return None
        now = self._moments.clock.now()
        due = [(self._due_s(entry, now), number, entry) for number, entry in self._entries]
        at_s, number, entry = min(due, key=lambda one: one[:2], default=(float("inf"), 0, None))
        if self._ends and self._ends[0][0] <= min(now, at_s):
            end_s, _, *end = heapq.heappop(self._ends)
            return end_s, None, (end[0], end[1])
        if entry is None or at_s > now:
            return None
        self._entries.remove((number, entry))
        return at_s, entry, None

    def _due_s(self, entry: Entry, now: float) -> float:
        if entry.at_s is not None:
            return entry.at_s
        made = entry.after_exposures is not None and self._moments.exposures() >= entry.after_exposures
        return now if made else float("inf")

    async def _own(self, entry: Entry, at_s: float) -> None:
        await self._set(entry.fault, entry.target, entry.args, entry.clear_after_s, at_s)

    async def _set(
        self, name: str, target: str, given: Mapping[str, Any], clear_after_s: float | None, at_s: float
    ) -> None:
        fault, target, arguments = self._faults.checked(name, target, given)
        if clear_after_s and fault.ends_by_itself:
            arguments[FOR_S.name] = clear_after_s
        active = await self._at(at_s, self._faults.set(name, target, arguments))
        if active is None or clear_after_s is None:
            return
        if active.holding:
            self._hold(active, clear_after_s)
        else:
            self._counted += 1
            heapq.heappush(self._ends, (at_s + clear_after_s, self._counted, name, target))

    async def _at(self, at_s: float, what: Awaitable[Any]) -> Any:
        self._moments.backdate(at_s)
        try:
            return await what
        finally:
            self._moments.backdate(None)

    def _hold(self, active: Active, seconds: float) -> None:
        key = (active.fault.name, active.target)
        self._held[key] = seconds

        async def hold() -> None:
            assert active.holding is not None
            await active.holding.struck.wait()
            if self._moments.take:
                await self._moments.take(seconds)
            self._held.pop(key, None)
            await self._faults.end(active)
            self._changed()

        task = asyncio.get_running_loop().create_task(hold())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
