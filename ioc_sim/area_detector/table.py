"""Which records a port has: tables in `interface/`, one for each of ADCore's database templates.

A line is a record: its name, the ending of its readback if it has one that differs in nothing else, record type, first
value, unit, digits to show, element type and size of an array, and the states of a menu. The names `width`, `height`
and `pixels` stand for those of the camera, `PIXEL` for the element type of its images. Tables are laid one over the
other: what a later one says of a record replaces what an earlier one did.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

INPUTS = {"ao": "ai", "bo": "bi", "mbbo": "mbbi", "longout": "longin", "stringout": "stringin", "busy": "bi"}
"""The record type of a readback."""

PLUGIN = ("array", "plugin")
CAMERA = ("array", "detector", "simulated", "camera")
FILE = (*PLUGIN, "file")


@dataclass(frozen=True)
class Row:
    """One record."""

    name: str
    record: str
    value: str = ""
    unit: str = ""
    digits: int = 0
    element: str = ""
    size: str = ""
    choices: tuple[str, ...] = ()
    reads: str = ""
    """Of a readback: the record that it follows."""

    def elements(self, sizes: Mapping[str, int]) -> int:
        """Return the greatest length of an array."""
        return sizes[self.size] if self.size in sizes else int(self.size)


@cache
def layer(name: str) -> tuple[Row, ...]:
    """Read one table."""
    path = Path(__file__).parent / "interface" / f"{name}.csv"
    rows: list[Row] = []
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            element, _, size = line["array"].partition(" ")
            row = Row(
                line["name"],
                line["record"],
                line["value"],
                line["unit"],
                int(line["digits"] or 0),
                element,
                size,
                tuple(line["choices"].split("|")) if line["choices"] else (),
            )
            rows.append(row)
            if ending := line["readback"]:
                kind = INPUTS.get(row.record, row.record)
                rows.append(replace(row, name=row.name + ending, record=kind, reads=row.name))
    return tuple(rows)


def rows(*layers: str) -> dict[str, Row]:
    """Return the records of a port by name."""
    return {row.name: row for name in layers for row in layer(name)}
