"""Slits: four blades, and the centre and size of their opening in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beam import facts
from beam.errors import OutOfReach
from devices.axis import Axis
from devices.base import Instrument, Part
from devices.coupled import CoupledAxis
from devices.interlock import Apart
from devices.motor import MotorAxis
from devices.protocols import ValueOf

SIDES = {"x": ("left", "right"), "y": ("bottom", "top")}


class Opening(CoupledAxis):
    """What centre and size have in common: two blades that move one after the other, the leading one first.

    So they can never meet on the way, however fast each of them is.
    """

    in_turn = True

    def __init__(self, low: Axis, high: Axis, least_mm: float, *, name: str, label: str, **kwargs: Any) -> None:
        self.low, self.high, self.least_mm = low, high, least_mm
        super().__init__({"low": low, "high": high}, name=name, label=label, unit=low.unit, **kwargs)

    @staticmethod
    def _centre(positions: Mapping[str, float]) -> float:
        return 0.5 * (positions["low"] + positions["high"])

    @staticmethod
    def _size(positions: Mapping[str, float]) -> float:
        return positions["high"] - positions["low"]

    def _sent(self, centre: float, size: float, where: ValueOf) -> dict[str, float]:
        """Return where the blades go, in the order in which they do."""
        targets = {"low": centre - 0.5 * size, "high": centre + 0.5 * size}
        upwards = targets["high"] > where(self.high)
        return {key: targets[key] for key in (("high", "low") if upwards else ("low", "high"))}

    def _present(self, where: ValueOf) -> dict[str, float]:
        found: dict[str, float] = {}
        for key, axis in self.axes.items():
            at, asked = where(axis), axis.setpoint.sample.value
            # its readback is in steps of the encoder: scanned step by step, the opening would creep
            found[key] = asked if abs(asked - at) <= axis.facts.tolerance else at
        return found


class OpeningCentre(Opening):
    """The middle between two blades; its moves keep their distance."""

    def value_at(self, positions: Mapping[str, float]) -> float:
        """Return the middle."""
        return self._centre(positions)

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest centre at the present size."""
        half = 0.5 * self._size({key: axis.position for key, axis in self.axes.items()})
        low, high = (
            max(self.low.limits[0] + half, self.high.limits[0] - half),
            min(self.low.limits[1] + half, self.high.limits[1] - half),
        )
        return low, high

    def targets_ahead(self, value: float, where: ValueOf) -> dict[str, float]:
        """Return where the blades have to be for a centre."""
        return self._sent(value, self._size(self._present(where)), where)


class OpeningSize(Opening):
    """The distance of two blades; its moves keep their middle."""

    def value_at(self, positions: Mapping[str, float]) -> float:
        """Return the distance."""
        return self._size(positions)

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and largest size around the present centre."""
        centre = self._centre({key: axis.position for key, axis in self.axes.items()})
        return self.least_mm, 2.0 * min(centre - self.low.limits[0], self.high.limits[1] - centre)

    def targets_ahead(self, value: float, where: ValueOf) -> dict[str, float]:
        """Return where the blades have to be for a size; blades never cross."""
        if not value >= self.least_mm:
            raise OutOfReach(
                f"{self.name} {value:.6g} {self.unit}: the blades would cross: "
                f"{self.least_mm:g} {self.unit} or more is allowed"
            )
        return self._sent(self._centre(self._present(where)), value, where)


class Slits(Instrument):
    """Four blades, each a motor (mm; x to the outside of the ring, y up), and what they make together.

    Attributes
    ----------
    x_centre, x_size, y_centre, y_size
        Middle and width of the opening, in mm: to be moved and scanned like motors.
    """

    left = Part(MotorAxis, kind="normal")
    right = Part(MotorAxis, kind="normal")
    bottom = Part(MotorAxis, kind="normal")
    top = Part(MotorAxis, kind="normal")

    def __init__(self, slits_facts: facts.Slits, *, name: str, **kwargs: Any) -> None:
        self.facts = slits_facts
        super().__init__(slits_facts.left.address, name=name, label=slits_facts.label, **kwargs)
        self.x_centre, self.x_size = self._opening("x")
        self.y_centre, self.y_size = self._opening("y")
        self.openings: dict[str, Opening] = {
            "x_centre": self.x_centre,
            "x_size": self.x_size,
            "y_centre": self.y_centre,
            "y_size": self.y_size,
        }

    def _opening(self, side: str) -> tuple[OpeningCentre, OpeningSize]:
        low, high = (getattr(self, blade) for blade in SIDES[side])
        least, label = self.facts.least_mm, f"{self.facts.label}, {side}"
        return (
            OpeningCentre(low, high, least, name=f"{self.name}_{side}_centre", label=f"{label} centre", parent=self),
            OpeningSize(low, high, least, name=f"{self.name}_{side}_size", label=f"{label} size", parent=self),
        )

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of a blade."""
        return getattr(self.facts, part)

    @property
    def own_rules(self) -> tuple[Apart, ...]:
        """What its blades are held to, whoever moves them."""
        says = "blades must not cross"
        return tuple(
            Apart(says, getattr(self, low), getattr(self, high), self.facts.least_mm) for low, high in SIDES.values()
        )

    @property
    def parts(self) -> dict[str, Any]:
        """The blades, and the openings that they make."""
        return {**super().parts, **self.openings}

    def _recorded_openings(self, what: str) -> dict[str, Any]:
        return {one.name: getattr(one, what)()[one.name] for one in self.openings.values()}

    def read(self) -> Any:
        """Return where the blades are, and the openings."""
        return {**super().read(), **self._recorded_openings("read")}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), **self._recorded_openings("describe")}
