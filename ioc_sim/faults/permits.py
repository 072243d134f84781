"""Permissions that the safety system or the machine withdraws."""

from __future__ import annotations

from ioc_sim.faults.row import Arguments, Fault, Undo
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.undulator import UndulatorGroup


async def _withdraw(group: ShutterGroup | UndulatorGroup, _: Arguments) -> Undo:
    group.set_permit(False)

    async def undo() -> None:
        group.set_permit(True)

    return undo


async def _trip(group: ShutterGroup, _: Arguments) -> Undo:
    group.set_permit(False, by="its interlock")

    async def undo() -> None:
        group.set_permit(True)

    return undo


FAULTS = (
    Fault(
        "shutter_permit_withdrawn",
        "shutter",
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
        "shutter, valve",
        (ShutterGroup,),
        "its interlock closes it and refuses opening; cleared, it stays closed until somebody opens it",
        _trip,
        "permit",
    ),
)
