"""Terasu's plans; each takes its devices as arguments, filled in by role where it is called by name.

What plans are made of is in `plans.beam_on` (shutters) and `plans.lean` (a step for `per_step`).
"""

from plans.align import align
from plans.calibrate_energy import calibrate_energy
from plans.camera_series import camera_series
from plans.energy_map import energy_map
from plans.energy_scan import energy_scan
from plans.familiar import a2scan, ascan, ct, dscan, mesh
from plans.fly_map import fly_map, fly_spiral
from plans.fly_scan import fly_scan, fly_spec
from plans.fly_xas import fly_xas
from plans.fly_xmcd import fly_xmcd
from plans.polarisation_scan import polarisation_scan
from plans.quick_xas import quick_xas
from plans.regions import Region
from plans.roles import Role
from plans.sample_map import sample_map
from plans.xas import xas
from plans.xmcd import xmcd

__all__ = [
    "Region",
    "Role",
    "a2scan",
    "align",
    "ascan",
    "calibrate_energy",
    "camera_series",
    "ct",
    "dscan",
    "energy_map",
    "energy_scan",
    "fly_map",
    "fly_scan",
    "fly_spec",
    "fly_spiral",
    "fly_xas",
    "fly_xmcd",
    "mesh",
    "polarisation_scan",
    "quick_xas",
    "sample_map",
    "xas",
    "xmcd",
]
