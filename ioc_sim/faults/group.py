"""The channels by which faults are set: ``SIM:Fault``, ``SIM:Faults`` and ``SIM:FaultTargets``."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from beam.errors import TerasuError
from ioc_sim.channels import Channels, LongText
from ioc_sim.errors import Refused
from ioc_sim.faults.active import ActiveFaults, Targets

MOST = 1 << 16
"""Length of the longest text (characters)."""


class SetFault(BaseModel):
    """``{"action": "set", "name": …, "target": …, "args": {…}}``."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["set"]
    name: str
    target: str
    args: dict[str, Any] = {}


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
    targets : Targets
        What faults can befall.
    """

    def __init__(self, prefix: str, targets: Targets) -> None:
        self.faults = ActiveFaults(targets)
        self.command = LongText("", max_length=MOST, check=self._check, on_put=self._act)
        self.active = LongText("[]", max_length=MOST)
        self.channels: Channels = {
            f"{prefix}Fault": self.command,
            f"{prefix}Faults": self.active,
            f"{prefix}FaultTargets": LongText(json.dumps(self.faults.possible()), max_length=MOST),
        }

    def _check(self, text: str) -> None:
        _parsed(text)

    async def _act(self, text: str) -> None:
        command = _parsed(text)
        try:
            if isinstance(command, SetFault):
                await self.faults.set(command.name, command.target, command.args)
            else:
                await self.faults.clear(command.name, command.target)
        except TerasuError as error:
            raise Refused(str(error)) from error
        finally:
            self.active.update(json.dumps([one.record() for one in self.faults.active]))


def _parsed(text: str) -> SetFault | ClearFault:
    try:
        return _COMMAND.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise Refused(f"fault command: {place}: {first['msg']}") from error
