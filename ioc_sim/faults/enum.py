"""An enum that answers an index beyond its strings, as after a firmware update that nobody was told of."""

from __future__ import annotations

from ioc_sim.channels import Enum
from ioc_sim.faults.row import Argument, Arguments, Fault, Undo


async def _wrong(channel: Enum, given: Arguments) -> Undo:
    channel.answer_index(len(channel.enum_strings) - 1 + int(given["beyond"]))

    async def undo() -> None:
        channel.answer_index(None)

    return undo


FAULTS = (
    Fault(
        "wrong_enum_index",
        "PV",
        (Enum,),
        "answers an index that is none of its states; read as a string: Illegal Value",
        _wrong,
        "value",
        (Argument("beyond", 1, "how far beyond the last state", 1, 15),),
    ),
)
