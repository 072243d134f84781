"""The points of a rectangle of the sample, row by row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from devices import SampleStage
from plans.energy_scan import BadScan


@dataclass(frozen=True)
class Raster:
    """A grid of points that the stage reaches; make one with `Raster.of`."""

    stage: SampleStage
    columns: list[float]
    rows: list[float]
    snake: bool

    @classmethod
    def of(
        cls,
        plan: str,
        stage: SampleStage,
        across: tuple[float, float, int],
        up: tuple[float, float, int],
        *,
        snake: bool,
    ) -> Raster:
        """Return the grid of `plan`: start, stop and number of points across and up.

        Raises
        ------
        BadScan
            Less than one point, or ends that are no numbers.
        OutOfReach
            A point that the stage does not reach.
        """
        if across[2] < 1 or up[2] < 1:
            raise BadScan(f"{plan}: x_num = {across[2]}, y_num = {up[2]}: must be 1 or more")
        made = cls(stage, _places(plan, *across), _places(plan, *up), snake)
        for axis, places in ((stage.x, made.columns), (stage.y, made.rows)):
            for place in (places[0], places[-1]):
                axis.check_value(place)
        return made

    @property
    def metadata(self) -> dict[str, Any]:
        """What a run says of its grid."""
        axes: list[Any] = [self.stage.y, self.stage.x]  # ophyd has no types
        names = [str(one.name) for one in axes]
        return {
            "motors": names,
            "num_points": len(self.columns) * len(self.rows),
            "shape": [len(self.rows), len(self.columns)],
            "extents": [[one[0], one[-1]] for one in (self.rows, self.columns)],
            "snaking": [False, self.snake],
            "hints": {"gridding": "rectilinear", "dimensions": [([name], "primary") for name in names]},
        }

    def points(self) -> Iterator[dict[Any, float]]:
        """Yield where the axes have to be, point by point."""
        for number, y in enumerate(self.rows):
            for x in reversed(self.columns) if self.snake and number % 2 else self.columns:
                yield {self.stage.y: y, self.stage.x: x}


def _places(plan: str, start: float, stop: float, num: int) -> list[float]:
    if not (math.isfinite(start) and math.isfinite(stop)):
        raise BadScan(f"{plan}: from {start:g} to {stop:g}: must be numbers")
    if num == 1:
        return [float(start)]
    step = (stop - start) / (num - 1)
    return [*(start + n * step for n in range(num - 1)), float(stop)]
