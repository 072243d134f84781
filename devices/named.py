"""Positions that have names: ``set("Rh")`` moves an axis to where the rhodium stripe is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beam.errors import OutOfReach
from devices.axis import Axis
from devices.coupled import CoupledAxis
from devices.errors import MoveFailed
from devices.protocols import ValueOf
from devices.signals import Quantity, data_key

BETWEEN = "between"
NAME = Quantity("string")


class NamedPosition(CoupledAxis):
    """One axis, by the names of its positions; elsewhere it reads ``between``.

    Parameters
    ----------
    axis
        What moves.
    positions
        Where it is, in its unit, by name.
    """

    by_words = True

    def __init__(self, axis: Axis, positions: Mapping[str, float], *, name: str, label: str, **kwargs: Any) -> None:
        self.axis = axis
        self.positions = dict(positions)
        super().__init__({"axis": axis}, name=name, label=label, unit="", **kwargs)

    def clean(self, value: Any) -> str:
        """Return the name, which must be one of those that there are."""
        if value not in self.positions:
            raise OutOfReach(f"{self.name} {value!r}: allowed are {', '.join(self.positions)}")
        return str(value)

    def value_at(self, positions: Mapping[str, float]) -> str:
        """Return the name of a position."""
        at, near = positions["axis"], self.axis.facts.tolerance * (1 + 1e-9)
        return next((name for name, one in self.positions.items() if abs(at - one) <= near), BETWEEN)

    def targets_ahead(self, value: Any, where: ValueOf) -> dict[str, float]:
        """Return where the axis has to be."""
        del where
        return {"axis": self.positions[value]}

    def judge(self, target: Any) -> None:
        """Raise MoveFailed if it reads otherwise than it was asked for."""
        if self.position != target:
            raise MoveFailed(f"{self.name}: asked for {target}, it is {self.position}")

    def words(self, value: Any) -> str:
        """Say that it is asked for a position."""
        return f"{self.name} {value}"

    @property
    def limits(self) -> tuple[float, float]:
        """None: names have no order."""
        return 0.0, 0.0

    @property
    def hints(self) -> dict[str, list[str]]:
        """Nothing that could be plotted against."""
        return {"fields": []}

    def describe(self) -> Any:
        """Return the data keys."""
        key = data_key(NAME, source=f"computed:{self.axis.name}", unit="", precision=None, limits=None)
        return {self.name: key, f"{self.name}_setpoint": dict(key)}
