"""An undulator's axes as Tango devices; their state machine, refusals and light are in `ioc_sim.groups.undulator`.

========  ====================================================
state     when
========  ====================================================
FAULT     the position's reading is invalid
ALARM     the position's reading is in major alarm
MOVING    the axis moves
DISABLE   the machine does not permit motion
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from collections.abc import Callable

from beam.axis_facts import ShifterAxis, UndulatorAxis
from beam.facts import AppleUndulator, PlanarUndulator
from ioc_sim.groups.undulator import UndulatorAxisGroup, UndulatorGroup
from ioc_sim.tango_devices.face import Act, Face, Shown, alarmed


def face(facts: PlanarUndulator | AppleUndulator, group: UndulatorGroup) -> Face:
    """Return what the device of the gap shows, which is that of the whole."""
    segmented = isinstance(facts, AppleUndulator)
    return Face(
        facts.gap.tango_name,
        "Undulator",
        (
            Shown("Gap", group.readback, group.gap, moves=True),
            *_settings(group),
            Shown("Energy", group.energy),
            Shown("Power", group.power),
        ),
        _stated(group, "gap"),
        (group.status, group.moving),
        _commands(group),
        {
            "Label": facts.gap.label,
            "PeriodMm": facts.period_mm,
            "Periods": facts.segments * facts.periods_per_segment if segmented else facts.periods,
        },
    )


def axis_face(facts: UndulatorAxis | ShifterAxis, group: UndulatorAxisGroup) -> Face:
    """Return what the device of a row of magnets, or of a phase shifter, shows."""
    return Face(
        facts.tango_name,
        "UndulatorAxis",
        (Shown("Position", group.readback, group.setpoint, moves=True), *_settings(group)),
        _stated(group, "position"),
        (group.status, group.moving),
        _commands(group),
        {"Label": facts.label},
    )


def _settings(group: UndulatorAxisGroup) -> tuple[Shown, Shown]:
    return Shown("Velocity", group.velocity, group.velocity, memorised=True), Shown("Permit", group.permit)


def _stated(group: UndulatorAxisGroup, what: str) -> Callable[[], tuple[str, str]]:
    def stated() -> tuple[str, str]:
        text = str(group.status.value)
        if alarm := alarmed(group.readback, what):
            return alarm
        if group.moving.value == "Moving":
            return "MOVING", text
        return ("DISABLE" if group.permit.value == "Denied" else "ON"), text

    return stated


def _commands(group: UndulatorAxisGroup) -> dict[str, Act]:
    async def stop() -> None:
        await group.stop.write(1)

    return {"Stop": stop, "Abort": stop}
