"""The current amplifier of an ion chamber, a mesh, a drain current or a photodiode as a Tango device.

========  ====================================================
state     when
========  ====================================================
FAULT     it is invalid
ALARM     the last exposure overloaded it
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.facts import CurrentDetector
from ioc_sim.groups.amplifier import AmplifierGroup
from ioc_sim.tango_devices.face import Face, Shown, alarmed


def face(facts: CurrentDetector, group: AmplifierGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        gain = f"gain {float(group.gain.value):.3g} V/A"
        if alarm := alarmed(group.overload, "amplifier"):
            return alarm
        if group.overload.value == "Overload":
            return "ALARM", f"overloaded at {gain}"
        return "ON", gain

    return Face(
        facts.tango_name,
        "CurrentAmplifier",
        (Shown("Gain", group.gain, group.gain, memorised=True), Shown("Overload", group.overload)),
        stated,
        properties={"Label": facts.label},
    )
