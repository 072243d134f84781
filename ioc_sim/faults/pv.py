"""What can go wrong with a single PV: the server goes on as before, only the answer is another one."""

from __future__ import annotations

import math
from collections.abc import Callable

from ioc_sim.answers import Answer
from ioc_sim.channels import Channel, Enum, Float, Int
from ioc_sim.faults.row import Argument, Arguments, Fault, Start, Undo

Make = Callable[[Channel, Arguments], Answer]


def _answering(make: Make) -> Start:
    async def start(channel: Channel, given: Arguments) -> Undo:
        channel.change_answer(make(channel, given))

        async def undo() -> None:
            channel.change_answer(None)

        return undo

    return start


def _row(name: str, kinds: tuple[type, ...], description: str, make: Make, *arguments: Argument) -> Fault:
    return Fault(name, "PV", kinds, description, _answering(make), "answer", arguments)


FAULTS = (
    _row("value_invalid", (Float, Int, Enum), "severity INVALID, status UDF", lambda *_: Answer(invalid=True)),
    _row(
        "value_stale",
        (Float, Int, Enum),
        "the value stands, under its old timestamp, and no monitor comes; cleared, the present one does",
        lambda channel, _: Answer(channel.stored, silent=True),
    ),
    _row("value_nan", (Float,), "NaN", lambda *_: Answer({"value": math.nan})),
    _row(
        "wrong_enum_index",
        (Enum,),
        "an index that is none of its states, as after a firmware update; read as a string: Illegal Value",
        lambda channel, given: Answer(index=len(channel.stored["enum_strings"]) - 1 + int(given["beyond"])),
        Argument("beyond", 1, "how far beyond the last state", 1, 15),
    ),
)
