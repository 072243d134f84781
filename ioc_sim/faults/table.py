"""All faults there are: a new family is a file with `FAULTS` and its name here."""

from __future__ import annotations

from beam.errors import UnknownName
from ioc_sim.faults import area_detector, completion, motor, permits, ring, scaler
from ioc_sim.faults.row import Fault

FAULTS: dict[str, Fault] = {
    one.name: one for family in (motor, scaler, completion, permits, ring, area_detector) for one in family.FAULTS
}


def find(name: str) -> Fault:
    """Return a fault by name; UnknownName with the nearest names if there is none."""
    if name not in FAULTS:
        raise UnknownName("fault", name, FAULTS)
    return FAULTS[name]


def markdown() -> str:
    """Return the table of the documentation."""
    lines = ["| fault | on | what a client sees | arguments |", "|---|---|---|---|"]
    for one in FAULTS.values():
        arguments = "; ".join(f"`{each.name}={each.default:g}` {each.description}" for each in one.arguments)
        lines.append(f"| `{one.name}` | {one.on} | {one.description} | {arguments} |")
    return "\n".join(lines) + "\n"
