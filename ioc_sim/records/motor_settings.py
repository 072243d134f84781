"""What a motor record is configured with beyond the facts of its axis: what a database file would set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MotorSettings:
    """Values that the record starts with, in the axis's unit and s; None takes what the comment says."""

    home: float | None = None  # mechanical position of the home switch: the low end of travel
    home_velocity: float | None = None  # HVEL: a tenth of the velocity
    switch_margin: float | None = None  # limit switches beyond the soft limits by this: half the tolerance
    base_velocity: float = 0.0  # VBAS
    max_velocity: float = 0.0  # VMAX, 0 for none
    backlash: float = 0.0  # BDST
    retries: int = 10  # RTRY
    retry_deadband: float = 0.0  # RDBD; a step at least
    settle_s: float = 0.0  # DLY
    tweak: float = 1.0  # TWV
    offset: float = 0.0  # OFF
    negative: bool = False  # DIR = Neg
    limit_severity: int = 2  # HLSV: MAJOR
