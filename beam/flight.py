"""What the counters see while axes fly: a line's light, tabulated along the way, and rows of counts from it.

The line is the scalar one (`beam.line`): it is asked at nodes of the way that lie as close as the light can change,
and what it gives is linear between two of them. So nothing of its physics is written twice, and as many gates as one
likes cost no more than the way that they cover.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from beam.noise import Stream

if TYPE_CHECKING:
    from beam.axis import LineAxis
    from beam.current_input import Moments

Floats: TypeAlias = npt.NDArray[np.float64]

GRAIN = 10.0
"""Distance of two nodes, in tolerances of the axis that has moved most: 0.1 eV at the iron edge."""
BLOCK = 256
"""Gates whose random numbers are drawn together."""


class Latched(Protocol):
    """A detector that can be read gate by gate."""

    name: str

    def read_many(
        self, moments: Floats, *, gain_v_per_a: float, gate_s: Floats, normal: Floats, uniform: Floats
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return counts of many gates, and whether each overloaded it, as `beam.current_input.CurrentInput`."""
        ...


class FlownLine(Protocol):
    """A line whose light can be asked for along a way."""

    axes: dict[str, LineAxis]

    def moments(self, scaler: str) -> Sequence[Moments]:
        """Return what the light of 1 mA gives in each detector on a scaler where the axes are now."""
        ...


Flown = TypeVar("Flown", bound=FlownLine)


def nodes_of(way: Mapping[str, Floats], tolerances: Mapping[str, float]) -> npt.NDArray[np.intp]:
    """Return which of the places of a way are nodes: the first, the last, and those a grain further each.

    Parameters
    ----------
    way
        Positions by axis, shape (n,).
    tolerances
        Of each axis, in its unit.
    """
    count = len(next(iter(way.values())))
    steps = np.zeros(max(count - 1, 0))
    for key, one in way.items():
        steps = np.maximum(steps, np.abs(np.diff(one)) / (GRAIN * tolerances[key]))
    grains = np.floor(np.concatenate(([0.0], np.cumsum(steps))))
    marks = np.concatenate(([True], np.diff(grains) > 0))
    marks[-1] = True
    return np.flatnonzero(marks)


class FlyingLight:
    """The light in the chambers on one scaler, along the way of one flight.

    Parameters
    ----------
    line
        A copy of the line that nothing else uses (`Line.apart`).
    scaler
        Name of the scaler.
    way
        Positions of the mechanics by axis at each gate, shape (n,).
    """

    def __init__(self, line: FlownLine, scaler: str, way: Mapping[str, Floats]) -> None:
        self.line, self._scaler, self._way = line, scaler, way
        axes = {key: line.axes[key] for key in way}
        self._nodes = nodes_of(way, {key: axis.facts.tolerance for key, axis in axes.items()})
        self._far = _far(way)
        self._asked: dict[int, Floats] = {}

    def at(self, first: int, count: int) -> Floats:
        """Return what the light of 1 mA gives at gates `first` …, shape (count, chambers, 3).

        The last number is that of `beam.current_input.Moments`. Gates are asked for in their order: what lies behind
        is forgotten.
        """
        gates = np.arange(first, first + count)
        row = np.searchsorted(self._nodes, gates, side="right") - 1
        after = np.minimum(row + 1, len(self._nodes) - 1)
        begin, end = int(row[0]), int(after[-1])
        for old in [one for one in self._asked if one < begin]:
            del self._asked[old]
        table = np.array([self._ask(one) for one in range(begin, end + 1)])
        from_, to = self._far[self._nodes[row]], self._far[self._nodes[after]]
        way = np.where(to > from_, to - from_, 1.0)
        share = np.where(to > from_, (self._far[gates] - from_) / way, 0.0)[:, None, None]
        found: Floats = table[row - begin] * (1 - share) + table[after - begin] * share
        return found

    def _ask(self, node: int) -> Floats:
        if node not in self._asked:
            for key, one in self._way.items():
                self.line.axes[key].put(float(one[self._nodes[node]]))
            self._asked[node] = self._look()
        return self._asked[node]

    def _look(self) -> Floats:
        return np.array(self.line.moments(self._scaler), dtype=np.float64)


class SeenOnTheWay(FlyingLight):
    """What else changes along the way of a flight: some numbers, linear between two nodes.

    Parameters
    ----------
    line
        As of `FlyingLight`.
    look
        Tells the numbers where the axes of the line are now; always as many.
    way
        As of `FlyingLight`.
    """

    def __init__(self, line: Flown, look: Callable[[Flown], Floats], way: Mapping[str, Floats]) -> None:
        self._tell = partial(look, line)
        super().__init__(line, "", way)

    def numbers(self, first: int, count: int) -> Floats:
        """Return the numbers at gates `first` …, shape (count, numbers)."""
        found: Floats = self.at(first, count)[:, :, 0]
        return found

    def _look(self) -> Floats:
        return self._tell()[:, None]


def _far(way: Mapping[str, Floats]) -> Floats:
    """Return how far along the way each gate is: where speeds change, gates are not equally far apart."""
    count = len(next(iter(way.values())))
    far = np.zeros(count)
    for one in way.values():
        span = float(np.ptp(one))
        if span > 0:
            far[1:] += np.cumsum(np.abs(np.diff(one))) / span
    return far


class GateNoise:
    """Random numbers of each gate of one chamber; they depend on nothing but seed, name and the gate's number."""

    def __init__(self, seed: int, name: str) -> None:
        self._stream = Stream(seed, f"{name} gates")

    def of(self, first: int, count: int) -> tuple[Floats, Floats]:
        """Return normal and uniform numbers of gates `first` …, shapes (count, 2) and (count,)."""
        begin, end = first // BLOCK, (first + count - 1) // BLOCK + 1
        normal: list[Floats] = []
        uniform: list[Floats] = []
        for block in range(begin, end):
            random = self._stream.at(block)
            normal.append(random.standard_normal((BLOCK, 2)))
            uniform.append(random.random(BLOCK))
        skip = first - begin * BLOCK
        return np.concatenate(normal)[skip : skip + count], np.concatenate(uniform)[skip : skip + count]
