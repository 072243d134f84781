"""What the motor record says to its controller, and what it hears back; positions and speeds are raw (steps)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ramp:
    """How fast to go: `speed` and `base` in steps/s, `seconds` from base to speed."""

    speed: float
    base: float
    seconds: float


@dataclass(frozen=True)
class Move:
    """Go to a raw position."""

    target: float
    ramp: Ramp


@dataclass(frozen=True)
class Jog:
    """Go on until stopped or a limit switch is hit; the ramp's speed carries the sign."""

    ramp: Ramp


@dataclass(frozen=True)
class Home:
    """Search the home switch in one raw direction, and count from there."""

    forward: bool
    ramp: Ramp


@dataclass(frozen=True)
class Stop:
    """Slow down and stop."""


@dataclass(frozen=True)
class Load:
    """Call the present place `raw`, without moving."""

    raw: float


@dataclass(frozen=True)
class Torque:
    """Switch closed-loop control on or off."""

    on: bool


@dataclass(frozen=True)
class Ask:
    """Report the status."""


@dataclass(frozen=True)
class Settle:
    """Come back after `seconds`: the readback settles."""

    seconds: float


Command = Move | Jog | Home | Stop | Load | Torque | Ask | Settle


@dataclass(frozen=True)
class Report:
    """The controller's status: motor position and encoder in steps, and the MSTA word."""

    motor: int
    encoder: int
    status: int
