"""All faults there are: a new family is a file with `FAULTS` and its name here."""

from __future__ import annotations

from beam.errors import UnknownName
from ioc_sim.faults import area_detector, completion, detector, disk, motor, permits, pv, ring, scaler, server, triggers
from ioc_sim.faults.row import Fault

FAMILIES = (motor, scaler, detector, area_detector, triggers, disk, completion, pv, permits, ring, server)
FAULTS: dict[str, Fault] = {one.name: one for family in FAMILIES for one in family.FAULTS}


def find(name: str) -> Fault:
    """Return a fault by name; UnknownName with the nearest names if there is none."""
    if name not in FAULTS:
        raise UnknownName("fault", name, FAULTS)
    return FAULTS[name]
