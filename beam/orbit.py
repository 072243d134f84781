"""How the electrons' direction shakes, and the light with it."""

from __future__ import annotations

import math

from beam import facts
from beam.noise import Stream


class OrbitNoise:
    """White up to a bandwidth f; an exposure of T seconds sees its mean, smaller by (1 + 2 f T)^½.

    Parameters
    ----------
    ring
        How much, and how fast.
    seed
        Seed of the simulation.
    """

    def __init__(self, ring: facts.Ring, seed: int) -> None:
        self._rms_rad = 1e-6 * ring.orbit_rms_urad
        self._bandwidth_hz = ring.orbit_bandwidth_hz
        self._noise = Stream(seed, "orbit")

    def at(self, exposure: int, dwell_s: float) -> tuple[float, float]:
        """Return the mean direction in x and in y during one exposure, in rad."""
        if not self._rms_rad:
            return 0.0, 0.0
        x, y = self._noise.at(exposure).standard_normal(2).tolist()
        rms = self._rms_rad / math.sqrt(1 + 2 * self._bandwidth_hz * dwell_s)
        return rms * x, rms * y
