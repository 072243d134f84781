"""A gate unit as a Tango device; its tables, flights and refusals are in `ioc_sim.groups.gate_unit`.

Its attributes are the records' by the same names, tables are spectra. `Build` is a command; `Execute` and `Capture`
are put as over Channel Access, and `Start` and `Stop` put `Execute` for who likes commands better.

========  ====================================================
state     when
========  ====================================================
RUNNING   it flies, checks its tables, or opens or closes its file
ALARM     the writer failed, or rows were lost in the last flight
ON        otherwise
========  ====================================================
"""

from __future__ import annotations

from beam.gate_kinds import GateUnit
from ioc_sim.groups.gate_unit import GateUnitGroup
from ioc_sim.tango_devices.face import Face, Shown

COMMANDS = ("Build", "Abort")
"""Records that are commands here."""


def face(facts: GateUnit, group: GateUnitGroup) -> Face:
    """Return what the device shows."""
    records, file = group.named, group.file

    def stated() -> tuple[str, str]:
        if group.execute.value == "Execute":
            return (
                "RUNNING",
                f"{group.made.value} of {group.asked.value} gates made, {file.stored.value} rows stored",
            )
        if file.write_status.value != "Ok":
            return "ALARM", f"the writer failed: {file.write_message.value}"
        if group.overflow.value == "Yes":
            return "ALARM", f"rows were lost: {group.execute_message.value}"
        outcome, why = group.execute_status.value, str(group.execute_message.value)
        last = "" if outcome == "Undefined" else f"; the last flight: {outcome}{', ' if why else ''}{why}"
        return "ON", f"{file.stored.value} rows stored{last}"

    async def build() -> None:
        await group.build_button.write("Build")

    async def start() -> None:
        await group.execute.write("Execute")

    async def stop() -> None:
        await group.execute.write("Done")

    async def abort() -> None:
        await group.abort.write(1)

    return Face(
        facts.tango_name,
        "GateUnit",
        tuple(
            Shown(attribute_name(name), one, one if one.on_put else None, moves=one in (group.execute, file.capture))
            for name, one in records.items()
            if name not in COMMANDS
        ),
        stated,
        commands={"Build": build, "Start": start, "Stop": stop, "Abort": abort},
        properties={"Label": facts.label},
        acting="RUNNING",
        past_alarms=True,
    )


def attribute_name(record: str) -> str:
    """Return the name of an attribute: ``RowsStored_RBV`` is ``RowsStored``, ``M2Positions`` is ``Positions2``."""
    name = record.removesuffix("_RBV")
    return f"{name[2:]}{name[1]}" if name[0] in "MT" and name[1].isdigit() else name
