"""Terasu's plans; each takes its devices as arguments, filled in by role where it is called by name.

What plans are made of is in `plans.beam_on` (shutters) and `plans.lean` (a step for `per_step`).
"""

from plans.camera_series import camera_series
from plans.energy_scan import energy_scan
from plans.regions import Region
from plans.roles import Role
from plans.xas import xas

__all__ = ["Region", "Role", "camera_series", "energy_scan", "xas"]
