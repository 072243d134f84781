"""The undulator as a Tango device; the group's state machine, refusals and light are in `ioc_sim.groups.undulator`.

========  ====================================================
state     when
========  ====================================================
FAULT     the gap's reading is invalid
ALARM     the gap's reading is in major alarm
MOVING    the gap moves
DISABLE   the machine does not permit motion
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.facts import PlanarUndulator
from ioc_sim.groups.undulator import UndulatorGroup
from ioc_sim.tango_devices.face import Face, Shown, alarmed


def face(facts: PlanarUndulator, group: UndulatorGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        text = str(group.status.value)
        if alarm := alarmed(group.readback, "gap"):
            return alarm
        if group.moving.value == "Moving":
            return "MOVING", text
        return ("DISABLE" if group.permit.value == "Denied" else "ON"), text

    async def stop() -> None:
        await group.stop.write(1)

    return Face(
        facts.gap.tango_name,
        "Undulator",
        (
            Shown("Gap", group.readback, group.gap, moves=True),
            Shown("Velocity", group.velocity, group.velocity, memorised=True),
            Shown("Permit", group.permit),
            Shown("Energy", group.energy),
            Shown("Power", group.power),
        ),
        stated,
        (group.status, group.moving),
        {"Stop": stop, "Abort": stop},
        {"Label": facts.gap.label, "PeriodMm": facts.period_mm, "Periods": facts.periods},
    )
