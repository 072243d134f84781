"""A curve in characters: eight dots to each, as Braille has them, in any terminal over any line."""

from __future__ import annotations

import math
from collections.abc import Sequence

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a Braille character, by column and row
BLANK = 0x2800


def draw(
    x: Sequence[float],
    y: Sequence[float],
    *,
    width: int,
    height: int,
    x_range: tuple[float, float] | None = None,
    x_label: str = "",
    y_label: str = "",
) -> list[str]:
    """Return the lines of a plot with its axes; values that are no numbers are left out.

    Parameters
    ----------
    x, y
        The points, in the order in which they are joined.
    width, height
        Of the whole plot with its axes, in characters.
    x_range
        What the axis covers at least, so that a scan that goes on does not make it jump.
    x_label, y_label
        Written at the axes.
    """
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=False) if math.isfinite(a) and math.isfinite(b)]
    if not points or height < 4:
        return []
    xs, ys = [one for one, _ in points], [one for _, one in points]
    low_x, high_x = _span([*xs, *(x_range or ())])
    low_y, high_y = _span(ys)
    marks = [_short(high_y), _short(low_y)]
    margin = max(map(len, marks))
    columns, rows = max(width - margin - 2, 4), height - 3
    cells = [[0] * columns for _ in range(rows)]

    def place(a: float, b: float) -> tuple[int, int]:
        column = (a - low_x) / (high_x - low_x) * (2 * columns - 1)
        row = (high_y - b) / (high_y - low_y) * (4 * rows - 1)
        return round(column), round(row)

    dots = [place(a, b) for a, b in points]
    for first, last in zip(dots, dots[1:] or dots, strict=False):
        for column, row in _line(first, last):
            cells[row // 4][column // 2] |= DOTS[column % 2][row % 4]
    lines = [f"{'':>{margin}}  {y_label}"]
    for number, row in enumerate(cells):
        mark = marks[0] if number == 0 else marks[1] if number == rows - 1 else ""
        lines.append(f"{mark:>{margin}} ┤" + "".join(chr(BLANK + one) for one in row))
    left, right = _short(low_x), _short(high_x)
    lines.append(f"{'':>{margin}} └" + "─" * columns)
    lines.append(f"{'':>{margin}}  {left}{x_label:^{max(columns - len(left) - len(right), 1)}}{right}")
    return lines


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high > low:
        return low, high
    give = abs(low) * 0.05 or 1.0
    return low - give, high + give


def _line(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    steps = max(abs(last[0] - first[0]), abs(last[1] - first[1]), 1)
    return [
        (round(first[0] + (last[0] - first[0]) * n / steps), round(first[1] + (last[1] - first[1]) * n / steps))
        for n in range(steps + 1)
    ]


def _short(value: float) -> str:
    return f"{value:.6g}"
