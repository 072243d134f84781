"""Roles: a plan says what a device is for, a beamline says which of its devices that is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """Marks a plan's parameter: ``energy: Annotated[EnergyAxis, Role("energy")]``.

    With None as its default, the parameter stays None at a station that has nothing in that role.
    """

    name: str
