"""The storage ring as a Tango device.

========  ====================================================
state     when
========  ====================================================
FAULT     the current's reading is invalid
ALARM     the current's reading is in major alarm
OFF       the beam is dumped
INIT      the ring is being filled
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.facts import Ring
from ioc_sim.groups.ring import RingGroup
from ioc_sim.tango_devices.face import Face, Shown, alarmed


def face(facts: Ring, group: RingGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        mode = str(group.mode.value)
        if alarm := alarmed(group.current, "current"):
            return alarm
        state = {"Dumped": "OFF", "Refilling": "INIT"}.get(mode, "ON")
        return state, f"{mode}, {group.current.value:.1f} mA"

    return Face(
        facts.tango_name,
        "StorageRing",
        (
            Shown("Current", group.current),
            Shown("Mode", group.mode),
            Shown("Lifetime", group.lifetime),
            Shown("TopUpGate", group.gate),
            Shown("NextInjection", group.next_injection),
            Shown("Energy", group.energy),
        ),
        stated,
        properties={"CircumferenceM": facts.circumference_m, "HarmonicNumber": facts.harmonic_number},
    )
