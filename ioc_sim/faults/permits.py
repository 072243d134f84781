"""Permissions that the safety system or the machine withdraws."""

from __future__ import annotations

from ioc_sim.faults.row import Arguments, Fault, Undo
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.undulator import UndulatorGroup
from ioc_sim.groups.valve import ValveGroup


async def _withdraw(group: ShutterGroup | UndulatorGroup, _: Arguments) -> Undo:
    group.set_permit(False)

    async def undo() -> None:
        group.set_permit(True)

    return undo


async def _trip(group: ValveGroup, _: Arguments) -> Undo:
    group.set_permit(False, "the pressure is too high")

    async def undo() -> None:
        group.set_permit(True)

    return undo


FAULTS = (
    Fault(
        "shutter_permit_withdrawn",
        "shutter, valve",
        (ShutterGroup,),
        "the safety system closes it and refuses opening; cleared, it stays closed until somebody opens it",
        _withdraw,
        "permit",
    ),
    Fault(
        "undulator_permit_withdrawn",
        "undulator",
        (UndulatorGroup,),
        "the machine stops the gap (the put fails) and refuses motion",
        _withdraw,
        "permit",
    ),
    Fault(
        "valve_trip",
        "valve",
        (ValveGroup,),
        "the pressure is too high: it closes, Trip says Tripped; cleared, it stays closed until it is reset and opened",
        _trip,
        "permit",
    ),
)
