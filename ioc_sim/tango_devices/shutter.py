"""A shutter as a Tango device; its state machine and interlock are in `ioc_sim.groups.shutter`.

========  ====================================================
state     when
========  ====================================================
FAULT     its state is invalid, or Fault
ALARM     its state is in major alarm
MOVING    it opens or closes
OPEN      it is open
CLOSE     it is closed
========  ====================================================
"""

from __future__ import annotations

from beam.facts import Shutter
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.tango_devices.face import Face, Shown, alarmed

STATES = {"Closed": "CLOSE", "Opening": "MOVING", "Open": "OPEN", "Closing": "MOVING"}


def face(facts: Shutter, group: ShutterGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        text = str(group.status.value)
        return alarmed(group.state, "state") or (STATES.get(str(group.state.value), "FAULT"), text)

    async def open_it() -> None:
        await group.open.write(1)

    async def close_it() -> None:
        await group.close.write(1)

    return Face(
        facts.tango_name,
        "Shutter",
        (Shown("Indicator", group.state), Shown("Permit", group.permit)),
        stated,
        (group.status,),
        {"Open": open_it, "Close": close_it},
        {"Label": facts.label},
    )
