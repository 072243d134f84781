"""Light only while a plan needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from devices import EnergyAxis, Shutter
from plans.lean import move

Result = TypeVar("Result")
_untyped: Any = preprocessors


def open_shutters(shutter: Shutter, front_end: Shutter) -> MsgGenerator[None]:
    """Open the front end, if it is not open, then the station's shutter."""
    yield from move(front_end, "open")
    yield from move(shutter, "open")
    yield Msg("checkpoint")


def refuse_darkness(energy: EnergyAxis) -> MsgGenerator[None]:
    """Refuse to go on where source and monochromator do not stand at one energy; asks the engine where they are.

    Where the plan is only queued, and they may be elsewhere when it begins, nothing is said.

    Raises
    ------
    NoLight
        Names the energy and what would belong to it.
    """
    positions: dict[str, float] = {}
    for key, axis in energy.axes.items():
        place = yield Msg("locate", axis)
        if place.get("may_change"):
            return
        positions[key] = place["readback"]
    energy.check_light(positions)


def closed_at_the_end(
    plan: MsgGenerator[Result], shutter: Shutter, also: Callable[[], MsgGenerator[Any]] | None = None
) -> MsgGenerator[Result]:
    """Run `plan`, then close the shutter, whatever happened; the front end stays as it is.

    Parameters
    ----------
    plan
        What to run; it opens the shutter itself, when it needs light.
    shutter
        What to close.
    also
        Makes a plan of what else to put back, after the shutter.
    """

    def clean_up() -> MsgGenerator[None]:
        yield from move(shutter, "close")
        if also is not None:
            yield from also()

    guarded: MsgGenerator[Result] = _untyped.finalize_wrapper(plan, clean_up)
    return (yield from guarded)
