"""How much of the beam meets the sample, where a stage has put it, and how long its way through is."""

from __future__ import annotations

import math

from beam.constants import FWHM_PER_SIGMA
from beam.environment_kinds import SampleStage


def share_on_sample(stage: SampleStage, x_mm: float, y_mm: float) -> float:
    """Return the share of a Gaussian beam that meets the sample, exactly 1 far from its edges."""
    across, up = (1e-3 * fwhm / FWHM_PER_SIGMA for fwhm in stage.beam_um)
    return _between(stage.left_mm - x_mm, stage.right_mm - x_mm, across) * _between(
        stage.bottom_mm - y_mm, stage.top_mm - y_mm, up
    )


def path_share(omega_deg: float) -> float:
    """Return how much longer the way through a slab is that is turned by an angle in deg about an axis in its plane."""
    return 1.0 / math.cos(math.radians(omega_deg))


def _between(low: float, high: float, sigma: float) -> float:
    return 0.5 * (math.erf(high / sigma / math.sqrt(2)) - math.erf(low / sigma / math.sqrt(2)))
