"""The faults that are set in one server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam.errors import UnknownName
from ioc_sim.errors import Refused
from ioc_sim.faults.row import Fault, Undo
from ioc_sim.faults.table import FAULTS, find

Targets = Mapping[str, Any]


@dataclass(frozen=True)
class Active:
    """A fault that is set."""

    fault: Fault
    target: str
    arguments: dict[str, float]
    undo: Undo

    def record(self) -> dict[str, Any]:
        """Return what is said of it."""
        return {"name": self.fault.name, "target": self.target, "args": self.arguments}


class ActiveFaults:
    """Sets and clears faults.

    Parameters
    ----------
    targets : Targets
        What faults can befall in this server, by name; a record's own name will do, too.
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._aliases = {one.name: name for name, one in targets.items() if isinstance(getattr(one, "name", None), str)}
        self.active: list[Active] = []

    def targets_of(self, fault: Fault) -> list[str]:
        """Return the names of what a fault can befall here."""
        return [name for name, one in self._targets.items() if isinstance(one, fault.kinds)]

    def possible(self) -> dict[str, list[str]]:
        """Return the faults that can be set here, with their targets."""
        return {name: targets for name, fault in FAULTS.items() if (targets := self.targets_of(fault))}

    async def set(self, name: str, target: str, given: Mapping[str, Any]) -> None:
        """Let a fault begin; raise TerasuError if there is no such thing, or it cannot be now."""
        fault = find(name)
        target = self._resolved(target, self.targets_of(fault), name)
        arguments = fault.checked(given)
        for one in self.active:
            if one.target == target and one.fault.part == fault.part:
                raise Refused(f"{target} has {one.fault.name} already: clear it before {name}")
        self.active.append(Active(fault, target, arguments, await fault.start(self._targets[target], arguments)))

    async def clear(self, name: str | None, target: str | None) -> None:
        """End the faults of this name on this target; without either, of any."""
        if name is not None:
            find(name)
        if target is not None:
            target = self._resolved(target, list(self._targets), name or "fault")
        ending = [one for one in self.active if name in (None, one.fault.name) and target in (None, one.target)]
        for one in ending:
            self.active.remove(one)
            await one.undo()

    def _resolved(self, target: str, known: list[str], name: str) -> str:
        target = self._aliases.get(target, target)
        if target not in known:
            raise UnknownName(f"target of {name}", target, known)
        return target
