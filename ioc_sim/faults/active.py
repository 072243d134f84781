"""The faults that are set in one server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beam.errors import UnknownName
from ioc_sim.channels import Channel
from ioc_sim.errors import Refused
from ioc_sim.faults.row import Fault, Holding, Undo
from ioc_sim.faults.table import FAULTS, find

Targets = Iterable[tuple[str, Any]]
"""What faults can befall in a server, with their names; a device and a process may share one."""


@dataclass(frozen=True)
class Active:
    """A fault that is set."""

    fault: Fault
    target: str
    arguments: dict[str, float | bool]
    undo: Undo
    holding: Holding | None

    def record(self) -> dict[str, Any]:
        """Return what is said of it."""
        return {"name": self.fault.name, "target": self.target, "args": self.arguments}


class ActiveFaults:
    """Sets and clears faults.

    Parameters
    ----------
    targets : Targets
        What faults can befall in this server; a record's own name will do, too.
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = list(targets)
        self._aliases = {
            one.name: name
            for name, one in self._targets
            if not isinstance(one, Channel) and isinstance(getattr(one, "name", None), str)
        }
        self.active: list[Active] = []

    def possible(self) -> dict[str, list[str]]:
        """Return the faults that can be set here, with their targets."""
        return {name: targets for name, fault in FAULTS.items() if (targets := list(self._befallen(fault)))}

    def has(self, name: str, target: str) -> bool:
        """Return whether this fault can befall this target here."""
        return name in FAULTS and self._aliases.get(target, target) in self._befallen(FAULTS[name])

    def checked(self, name: str, target: str, given: Mapping[str, Any]) -> tuple[Fault, str, dict[str, float | bool]]:
        """Return fault, target and all arguments; raise TerasuError if there is no such thing."""
        fault = find(name)
        return fault, self._resolved(target, list(self._befallen(fault)), name), fault.checked(given)

    async def set(self, name: str, target: str, given: Mapping[str, Any]) -> Active | None:
        """Let a fault begin, None if it is over at once; raise TerasuError if that cannot be, or not now."""
        fault, target, arguments = self.checked(name, target, given)
        for one in self.active:
            if one.target == target and one.fault.part == fault.part:
                raise Refused(f"{target} has {one.fault.name} already: clear it before {name}")
        begun = await fault.start(self._befallen(fault)[target], arguments)
        if begun is None:
            return None
        holding = begun if isinstance(begun, Holding) else None
        active = Active(fault, target, arguments, begun.undo if isinstance(begun, Holding) else begun, holding)
        self.active.append(active)
        return active

    async def clear(self, name: str | None, target: str | None) -> None:
        """End the faults of this name on this target; without either, of any."""
        if name is not None:
            find(name)
        if target is not None:
            target = self._resolved(target, [name for name, _ in self._targets], name or "fault")
        for one in list(self.active):
            if name in (None, one.fault.name) and target in (None, one.target):
                await self.end(one)

    async def end(self, one: Active) -> None:
        """End one of them, if it is still set."""
        if one in self.active:
            self.active.remove(one)
            await one.undo()

    def _befallen(self, fault: Fault) -> dict[str, Any]:
        """Return what a fault can befall here, by name."""
        return {name: one for name, one in self._targets if isinstance(one, fault.kinds)}

    def _resolved(self, target: str, known: list[str], name: str) -> str:
        target = self._aliases.get(target, target)
        if target not in known:
            raise UnknownName(f"target of {name}", target, known)
        return target
