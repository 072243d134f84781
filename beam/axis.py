"""One axis of the line, from mechanics to beam."""

from __future__ import annotations

from beam import facts
from beam.errors import OutOfReach


class LineAxis:
    """One axis: where the mechanics are, what the encoder says, what the beam sees.

    Parameters
    ----------
    axis
        Facts of the axis.
    offset
        True position minus encoder, in the axis's unit: the encoder does not see it.
    name
        What messages call it; its label where none is given.
    """

    def __init__(self, axis: facts.AxisNumbers, offset: float = 0.0, name: str = "") -> None:
        self.facts = axis
        self.offset = offset
        self.name = name or axis.label
        self._position = axis.start
        self._encoder = self.quantise(axis.start)

    def move_to(self, position: float) -> None:
        """Put the mechanics at `position` (in the axis's unit) at once; how long that takes is not known here.

        Raises
        ------
        OutOfReach
            If the position is beyond the axis's range by more than its tolerance, or is no number.
        """
        slack = self.facts.tolerance
        if not self.facts.low - slack <= position <= self.facts.high + slack:
            raise OutOfReach(
                f"{self.name} {position:g} {self.facts.unit}: "
                f"reaches {self.facts.low:g} … {self.facts.high:g} {self.facts.unit}"
            )
        self.put(position)

    def put(self, position: float) -> None:
        """Put the mechanics at `position`, which is known to be within reach."""
        self._position = position
        self._encoder = self.quantise(position)

    def quantise(self, x: float) -> float:
        """Return the nearest position that the encoder can show."""
        return round(round(x / self.facts.resolution) * self.facts.resolution, 12)

    @property
    def position(self) -> float:
        """Where the mechanics are, in the axis's unit."""
        return self._position

    @property
    def encoder(self) -> float:
        """What the encoder shows: the position in steps of its resolution."""
        return self._encoder

    @property
    def true(self) -> float:
        """What the beam sees: the encoder's position and the offset that it does not know of."""
        return self._encoder + self.offset
