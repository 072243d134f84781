"""A counter as a Tango device: a scaler record's channels, presets and number of exposures, and a state.

========  ====================================================
state     when
========  ====================================================
RUNNING   it counts
FAULT     otherwise, and its counts are invalid
ALARM     likewise, in major alarm
ON        otherwise
========  ====================================================

`Exposures` is published after all that an exposure gave.
"""

from __future__ import annotations

from beam.facts import Scaler
from ioc_sim.groups.counter import CounterGroup
from ioc_sim.tango_devices.face import Face, Shown, alarmed


def face(facts: Scaler, group: CounterGroup) -> Face:
    """Return what the device shows."""
    fields = group.record.fields
    counting, preset = fields["CNT"], fields["TP"]

    def stated() -> tuple[str, str]:
        if alarm := alarmed(fields["S1"], "its counts"):
            return alarm
        if group.record.values["CNT"]:
            return "RUNNING", f"counts {preset.value:g} s"
        return "ON", f"ready to count {preset.value:g} s"

    async def start() -> None:
        await counting.write(1)

    async def stop() -> None:
        await counting.write(0)

    return Face(
        facts.tango_name,
        "Counter",
        (
            *(Shown(f"Counts{n}", fields[f"S{n}"]) for n in range(1, facts.channels + 1)),
            Shown("Elapsed", fields["T"]),
            Shown("Exposures", group.exposure_count),
            Shown("PresetTime", preset, preset),
        ),
        stated,
        (counting,),
        {"Start": start, "Stop": stop, "Abort": stop},
        {"ClockHz": facts.clock_hz},
        acting="RUNNING",
        past_alarms=True,  # invalid counts are published before the number of exposures: it counts until then
    )
