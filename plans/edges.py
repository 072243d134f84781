"""Absorption edges by the names that people give them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from beam import tables
from beam.errors import UnknownName

_ELEMENT = re.compile(r"\s*([A-Za-z]{1,2})(?![a-z])")
_WRITTEN = re.compile(r"\s*([A-Za-z]{1,2}?)[\s_\-]*([K-P][1-7]?)\s*", re.IGNORECASE)


class Edge(NamedTuple):
    """An absorption edge of an element."""

    element: str
    level: str
    energy_ev: float

    @property
    def name(self) -> str:
        """Its name, as in ``Fe K``."""
        return f"{self.element} {self.level}"


@lru_cache(maxsize=1)
def all_edges() -> dict[str, Edge]:
    """Return all edges that xraydb tabulates, by name."""
    found: dict[str, Edge] = {}
    for element in tables.elements():
        for edge in _edges_of(element):
            found[edge.name] = edge
    return found


def find_edge(name: str) -> Edge:
    """Return the edge called `name`; ``Fe K``, ``Fe-K``, ``FeK`` and ``fe k`` are the same.

    Energies are those of Elam, Ravel and Sieber (2002) as in `xraydb`.

    Raises
    ------
    UnknownName
        No such edge; names the nearest.
    """
    if match := _WRITTEN.fullmatch(name):
        element, level = match[1].capitalize(), match[2].upper()
        for edge in _edges_of(element):
            if edge.level == level:
                return edge
    element = _ELEMENT.match(name)
    of_element = [edge.name for edge in _edges_of(element[1].capitalize())] if element else []
    raise UnknownName("edge", name, of_element or all_edges())


def _edges_of(element: str) -> list[Edge]:
    if not tables.is_element(element):
        return []
    return [Edge(element, level, energy_ev) for level, energy_ev in tables.edges_ev(element).items()]
