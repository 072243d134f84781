"""How what a controller ramps gets there: the controller's own ramp, a lag behind it, and a time to be trusted.

The controller goes to its target at a steady rate r; what it controls follows with the time constant τ of a first-order
lag. After the time t of a ramp that takes T it has covered

    r (t - τ (1 - exp(-t/τ)))                            t ≤ T
    distance - r τ (1 - exp(-T/τ)) exp(-(t - T)/τ)       t > T

It has settled when it has been within the band for the time that one waits to trust it.
"""

from __future__ import annotations

import math


class Ramp:
    """One change from rest.

    Parameters
    ----------
    distance
        Signed, in the unit of what is ramped.
    rate
        Positive, in units per second.
    lag_s
        Time constant; 0 where nothing lags.
    band
        How near to the target is near enough, positive.
    settle_s
        How long it has to stay there.
    """

    def __init__(self, distance: float, rate: float, lag_s: float, band: float, settle_s: float) -> None:
        if not (math.isfinite(distance) and rate > 0 and band > 0 and lag_s >= 0 and settle_s >= 0):
            raise ValueError(f"no ramp: {distance}, {rate}, {lag_s}, {band}, {settle_s}")
        self.distance, self._rate, self._lag_s = distance, rate, lag_s
        self.ramp_s = abs(distance) / rate
        behind = self._behind(self.ramp_s)
        late_s = lag_s * math.log(behind / band) if behind > band else 0.0
        self.duration = self.ramp_s + late_s + settle_s if distance else 0.0

    def _behind(self, t: float) -> float:
        """Return how far the controlled is behind the ramp after `t` seconds of it."""
        return -self._rate * self._lag_s * math.expm1(-t / self._lag_s) if self._lag_s else 0.0

    def position(self, t: float) -> float:
        """Return the signed way covered `t` seconds after the start."""
        if t <= 0:
            return 0.0
        if t < self.ramp_s:
            return math.copysign(self._rate * t - self._behind(t), self.distance)
        left = self._behind(self.ramp_s)
        if self._lag_s:
            left *= math.exp(-(t - self.ramp_s) / self._lag_s)
        return self.distance - math.copysign(left, self.distance)
