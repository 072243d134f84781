"""A four-channel electrometer as a Tango device; what it does is in `ioc_sim.groups.electrometer`.

========  ====================================================
state     when
========  ====================================================
RUNNING   it averages
ALARM     a current was beyond the range
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.bench_kinds import Electrometers
from ioc_sim.groups.electrometer import ElectrometerGroup
from ioc_sim.tango_devices.face import Face, Shown


def face(name: str, facts: Electrometers, group: ElectrometerGroup) -> Face:
    """Return what the device shows."""

    def stated() -> tuple[str, str]:
        if group.acquire.value == "Acquire":
            return "RUNNING", f"averaging over {group.averaging_rbv.value:g} s"
        if over := int(group.saturated.value):
            return "ALARM", f"{over} of {len(facts.inputs)} currents beyond the range {group.range.value}"
        return "ON", f"range {group.range.value}"

    async def start() -> None:
        await group.acquire.write("Acquire")

    async def stop() -> None:
        await group.acquire.write("Done")

    currents = [Shown(f"Current{n}", one) for n, one in enumerate(group.mean, 1)]
    return Face(
        name,
        "Electrometer",
        (
            *currents,
            *(Shown(f"Sigma{n}", one) for n, one in enumerate(group.sigma, 1)),
            Shown("Total", group.total),
            Shown("Saturated", group.saturated),
            Shown("Exposures", group.exposure_count),
            Shown("Range", group.range, group.range, memorised=True),
            Shown("Mode", group.mode, group.mode),
            Shown("AveragingTime", group.averaging_rbv, group.averaging, memorised=True),
        ),
        stated,
        (group.acquire,),
        {"Start": start, "Stop": stop, "Abort": stop},
        {f"Label{n}": one.label for n, one in enumerate(facts.inputs, 1)},
        acting="RUNNING",
    )
