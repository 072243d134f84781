"""The channels by which faults are set: ``SIM:Fault``, ``SIM:Faults`` and ``SIM:FaultTargets``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from beam.clock import ExperimentClock
from beam.errors import TerasuError
from ioc_sim.channels import Channels, LongText
from ioc_sim.errors import Refused
from ioc_sim.faults.active import ActiveFaults
from ioc_sim.faults.timetable import Moments, Timetable
from ioc_sim.memory import Memory
from ioc_sim.pause import STATES
from ioc_sim.process import ServerProcess

MOST = 1 << 16
"""Length of the longest text (characters)."""


class SetFault(BaseModel):
    """``{"action": "set", "name": …, "target": …, "args": {…}, "clear_after_s": …}``; the last two may be left out."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["set"]
    name: str
    target: str
    args: dict[str, Any] = {}
    clear_after_s: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = None


class ClearFault(BaseModel):
    """``{"action": "clear", "name": …, "target": …}``; what is left out means any."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["clear"]
    name: str | None = None
    target: str | None = None


_COMMAND: TypeAdapter[SetFault | ClearFault] = TypeAdapter(
    Annotated[SetFault | ClearFault, Field(discriminator="action")]
)


class FaultGroup:
    """The channels of one server's faults.

    Parameters
    ----------
    prefix : str
        Of the server's ``SIM:`` channels.
    targets : Mapping[str, Any]
        What faults can befall.
    moments : Moments, optional
        The server's time.
    process : ServerProcess, optional
        The server itself, which faults can befall, too.
    """

    def __init__(
        self,
        prefix: str,
        targets: Mapping[str, Any],
        moments: Moments | None = None,
        process: ServerProcess | None = None,
    ) -> None:
        servers = [(process.role, process)] if process else []
        self.faults = ActiveFaults([*targets.items(), *servers])
        self.timetable = Timetable(self.faults, moments or Moments(ExperimentClock()), self._show)
        self.command = LongText("", max_length=MOST, check=self._check, on_put=self._act)
        self.active = LongText("[]", max_length=MOST)
        targets_text = json.dumps(self.faults.possible())
        self.channels: Channels = {
            f"{prefix}Fault": self.command,
            f"{prefix}Faults": self.active,
            f"{prefix}FaultTargets": LongText(targets_text, max_length=MOST * (1 + len(targets_text) // MOST)),
        }

    def remember(self, memory: Memory) -> None:
        """Note the faults that are set, and what is not yet due."""
        memory.faults = [one.record() for one in self.faults.active]
        memory.timetable = self.timetable.remember()

    async def restore(self, process: ServerProcess) -> None:
        """Let the faults go on that were set before the server went, and its pause."""
        memory = process.memory
        if memory is None:
            return
        if memory.paused:
            process.pause.switch(STATES[1])
        for one in memory.faults:
            await self.faults.set(one["name"], one["target"], one["args"])
        self.timetable.restore(memory.timetable)
        self._show()

    def _check(self, text: str) -> None:
        _parsed(text)

    async def _act(self, text: str) -> None:
        command = _parsed(text)
        try:
            if isinstance(command, SetFault):
                await self.timetable.set(command.name, command.target, command.args, command.clear_after_s)
            else:
                await self.faults.clear(command.name, command.target)
        except TerasuError as error:
            raise Refused(str(error)) from error
        finally:
            self._show()

    def _show(self) -> None:
        self.active.update(json.dumps([one.record() for one in self.faults.active]))


def _parsed(text: str) -> SetFault | ClearFault:
    try:
        return _COMMAND.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise Refused(f"fault command: {place}: {first['msg']}") from error
