"""A scenario in a server: checked against what can go wrong there, then played by its timetable.

Ring and beamline read the same file. Each plays what befalls it; but what waits for exposures, the beamline's server
watches for, as it makes them, and passes on to the ring what befalls that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from beam import scenario
from beam.errors import ConfigError, TerasuError
from beam.scenario import Entry, Scenario
from ioc_sim.faults.group import FaultGroup
from ioc_sim.faults.table import FAULTS, find
from ioc_sim.faults.timetable import Timetable

RING = "ring"


def load(path: str | None) -> Scenario | None:
    """Read the scenario that was asked for, if any."""
    return scenario.load(path) if path else None


def play(played: Scenario, path: str, faults: FaultGroup, forward: Callable[[str], Awaitable[None]] | None) -> None:
    """Play what befalls the beamline's server, or a bench's.

    Parameters
    ----------
    played, path
        The scenario, and its file for messages.
    faults : FaultGroup
        The server's faults.
    forward : Callable, optional
        Takes fault commands for the ring's server; without it nothing can befall a ring.

    Raises
    ------
    ConfigError
        If there is no such fault or target; the message names file, key and value.
    """

    async def pass_on(entry: Entry) -> None:
        if forward:
            await forward(_command(entry))

    numbered = list(enumerate(played.faults))
    _check(path, [(n, one) for n, one in numbered if not (forward and _of_ring(one))], faults)
    mine = [(n, one) for n, one in numbered if one.after_exposures or not (forward and _of_ring(one))]
    faults.timetable.add(mine, pass_on)


def play_in_ring(played: Scenario, path: str, faults: FaultGroup) -> None:
    """Play what befalls the ring's server; raises as `play` does."""
    mine = [(n, one) for n, one in enumerate(played.faults) if _of_ring(one)]
    _check(path, mine, faults)
    faults.timetable.add([(n, one) for n, one in mine if one.at_s is not None])


@contextlib.asynccontextmanager
async def watched(live: bool, timetable: Timetable) -> AsyncIterator[None]:
    """On a live clock, see to what is due as time passes; on the experiment's, whoever takes time does that."""
    task = asyncio.create_task(timetable.watch()) if live else None
    try:
        yield
    finally:
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _of_ring(entry: Entry) -> bool:
    fault = FAULTS.get(entry.fault)
    return fault is not None and (fault.on == RING or (fault.on == "server" and entry.target == RING))


def _check(path: str, entries: list[tuple[int, Entry]], faults: FaultGroup) -> None:
    for number, one in entries:
        key, value = "fault", one.fault
        try:
            fault = find(one.fault)
            key, value = "target", one.target
            faults.faults.checked(one.fault, one.target, {})
            key, value = "args", one.args
            fault.checked(one.args)
        except TerasuError as error:
            raise ConfigError(f"{path}: faults.{number}.{key} = {json.dumps(value)}: {error}") from error


def _command(entry: Entry) -> str:
    command: dict[str, Any] = {"action": "set", "name": entry.fault, "target": entry.target, "args": entry.args}
    return json.dumps(command | ({"clear_after_s": entry.clear_after_s} if entry.clear_after_s else {}))
