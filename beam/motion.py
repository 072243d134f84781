"""How a motor moves: up to speed, along, and down again."""

from __future__ import annotations

import math


class Trapezoid:
    """One move with a trapezoidal velocity profile (triangular where it is too short to reach full speed).

    Parameters
    ----------
    distance
        Signed distance in the axis's unit.
    velocity
        Full speed, positive, in units per second.
    acceleration_s
        Time from `base_velocity` to `velocity`, as the motor record's ACCL, in seconds; 0 means at once.
    base_velocity
        Speed at which the motor starts and stops, as the motor record's VBAS, in units per second.

    Raises
    ------
    ValueError
        If velocity is not positive, or another figure is negative or not finite.
    """

    def __init__(self, distance: float, velocity: float, acceleration_s: float, base_velocity: float = 0.0) -> None:
        if not (math.isfinite(distance) and math.isfinite(velocity) and velocity > 0):
            raise ValueError(f"a move needs a finite distance and a positive velocity, not {distance}, {velocity}")
        if not (acceleration_s >= 0 and base_velocity >= 0):
            raise ValueError(f"negative acceleration time or base velocity: {acceleration_s}, {base_velocity}")
        self.distance = distance
        length = abs(distance)
        base = min(base_velocity, velocity)
        ramp = acceleration_s if velocity > base else 0.0
        peak = velocity
        if ramp > 0 and length < (velocity + base) * ramp:
            # the square of the speed grows in proportion to the way
            share = length / ((velocity + base) * ramp)
            peak = math.sqrt(base * base + (velocity * velocity - base * base) * share)
            ramp *= (peak - base) / (velocity - base)
        self._base = base
        self._peak = peak
        self._ramp = ramp
        moves = length > 0 and peak > 0
        self.duration = 2 * ramp + max((length - (peak + base) * ramp) / peak, 0.0) if moves else 0.0

    def velocity(self, t: float) -> float:
        """Return the signed velocity `t` seconds after the start; 0 before and after the move."""
        if not 0 <= t < self.duration:
            return 0.0
        to_end = min(t, self.duration - t)
        speed = self._peak
        if to_end < self._ramp:
            speed = self._base + (self._peak - self._base) * to_end / self._ramp
        return math.copysign(speed, self.distance)

    def position(self, t: float) -> float:
        """Return the signed way covered `t` seconds after the start: 0 before, the whole distance after."""
        if t <= 0:
            return 0.0
        if t >= self.duration:
            return self.distance
        if t > self.duration / 2:
            return self.distance - math.copysign(self._way(self.duration - t), self.distance)
        return math.copysign(self._way(t), self.distance)

    def _way(self, t: float) -> float:
        if t < self._ramp:
            return t * (self._base + 0.5 * (self._peak - self._base) * t / self._ramp)
        return 0.5 * (self._base + self._peak) * self._ramp + self._peak * (t - self._ramp)


class FeedForward:
    """A move with what comes after it: the axis stands, and counts as moving, until the ring's orbit has settled.

    Parameters
    ----------
    move
        The move itself.
    settle_s
        How long the correction of the orbit takes, after a move of any length but none.
    """

    def __init__(self, move: Trapezoid, settle_s: float) -> None:
        self._move = move
        self.duration = move.duration + settle_s if move.duration else 0.0

    def position(self, t: float) -> float:
        """Return the signed way covered after `t` seconds."""
        return self._move.position(min(t, self._move.duration))
