"""Terasu's plans; each takes its devices as arguments, filled in by role where it is called by name."""

from plans.beam_on import closed_at_the_end, open_shutters
from plans.energy_scan import energy_scan
from plans.lean import lean_step
from plans.regions import Region
from plans.roles import Role
from plans.xas import xas

__all__ = ["Region", "Role", "closed_at_the_end", "energy_scan", "lean_step", "open_shutters", "xas"]
