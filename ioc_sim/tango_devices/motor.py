"""A motion axis as a Tango device: a motor record's fields, and a state.

========  ====================================================
state     when
========  ====================================================
FAULT     the position is invalid
ALARM     the position is in major alarm, or a limit switch is pressed at rest
MOVING    the record's DMOV is 0
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.facts import AxisFacts
from ioc_sim.records.motor import MotorRecord
from ioc_sim.tango_devices.face import Face, Shown, alarmed


def face(facts: AxisFacts, record: MotorRecord) -> Face:
    """Return what the device shows."""
    fields = record.fields
    position, target, done = fields["RBV"], fields["VAL"], fields["DMOV"]
    low, high = fields["LLS"], fields["HLS"]

    def stated() -> tuple[str, str]:
        at = f"at {position.value:.{facts.precision}f} {facts.unit}"
        if alarm := alarmed(position, "position"):
            return alarm
        if not done.value:
            return "MOVING", f"moving to {target.value:.9g} {facts.unit}, {at}"
        for switch, name in ((low, "low"), (high, "high")):
            if switch.value:
                return "ALARM", f"{name} limit switch pressed {at}"
        return "ON", f"at rest {at}"

    async def stop() -> None:
        await fields["STOP"].write(1)

    return Face(
        facts.tango_name,
        "MotionAxis",
        (
            Shown("Position", position, target, moves=True),
            Shown("Velocity", fields["VELO"], fields["VELO"], memorised=True),
            Shown("Acceleration", fields["ACCL"], fields["ACCL"], memorised=True),
            Shown("LowLimit", fields["LLM"], fields["LLM"]),
            Shown("HighLimit", fields["HLM"], fields["HLM"]),
            Shown("LowSwitch", low),
            Shown("HighSwitch", high),
        ),
        stated,
        (done,),
        {"Stop": stop, "Abort": stop},
        {"Label": facts.label, "Resolution": facts.resolution},
    )
