"""Every figure of a configuration with its unit and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from pydantic import AliasGenerator

from beam.facts import Facts

Label: TypeAlias = Literal["sourced", "recalled", "assumed", "unlabelled"]
LABELS: tuple[Label, ...] = ("sourced", "recalled", "assumed", "unlabelled")

UNITS = {
    "a": "A",
    "cm3": "cm³",
    "deg": "deg",
    "ev": "eV",
    "g": "g",
    "gev": "GeV",
    "h": "h",
    "hz": "Hz",
    "k": "K",
    "kev": "keV",
    "m": "m",
    "ma": "mA",
    "mhz": "MHz",
    "mm": "mm",
    "mm2": "mm²",
    "nm": "nm",
    "ohm": "Ω",
    "px": "px",
    "rad": "rad",
    "rel": "relative",
    "s": "s",
    "t": "T",
    "ub": "µB",
    "um": "µm",
    "urad": "µrad",
    "us": "µs",
    "v": "V",
}
NO_FIGURES = {"schema_version", "channel", "precision"}  # numbers that say nothing of the world


class Figure(NamedTuple):
    """One figure (or a row of them): its key in the file, value, unit and label, the citation where there is one."""

    key: str
    value: float | tuple[float, ...]
    unit: str
    label: Label
    citation: str


def unit_of(key: str) -> str:
    """Return the unit that a key ends in: ``gap_mm``, ``velocity_deg_per_s``; empty where it ends in none."""
    words = key.split("_")
    tail: list[str] = []
    for word in reversed(words[1:]):
        if word in UNITS:
            tail.insert(0, UNITS[word])
        elif word == "per" and tail:
            tail.insert(0, "/")
        elif word == "rt" and tail:
            tail[0] = f"√{tail[0]}"
        else:
            break
    if tail[:1] == ["/"]:
        tail.insert(0, "1")
    if tail == ["g", "cm³"]:
        tail.insert(1, "/")
    return " ".join(tail).replace(" / ", "/")


def figures(table: Facts, within: str = "") -> list[Figure]:
    """Return the figures of a table and of those in it, in the order of the model; `within` is the table's own key."""
    return list(_walk(table, within, {}))


def _walk(table: Facts, within: str, inherited: Mapping[str, str]) -> Iterator[Figure]:
    own: dict[str, str] | None = getattr(table, "source", None)
    source = own if own is not None else inherited
    generator = table.model_config.get("alias_generator")
    for name in type(table).model_fields:
        key = name
        if isinstance(generator, AliasGenerator):
            key = str(generator.generate_aliases(name)[1] or name)
        if name != "source" and name not in NO_FIGURES:
            said = source.get(key, source.get("default", ""))
            yield from _figures(getattr(table, name), f"{within}.{key}" if within else key, unit_of(key), said)


def _figures(value: Any, key: str, unit: str, said: str) -> Iterator[Figure]:
    if isinstance(value, Facts):
        yield from _walk(value, key, {"default": said} if said else {})
    elif isinstance(value, Mapping):
        for name, one in cast("Mapping[Any, Any]", value).items():
            yield from _figures(one, f"{key}.{name}", unit, said)
    elif isinstance(value, list | tuple):
        row = tuple(cast("list[Any]", value))
        if row and all(map(_is_number, row)):
            yield Figure(key, row, unit, *_label(said))
        else:
            for number, one in enumerate(row, 1):
                yield from _figures(one, f"{key}.{number}", unit, said)
    elif _is_number(value):
        yield Figure(key, value, unit, *_label(said))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(said: str) -> tuple[Label, str]:
    """Return label and citation of what a `source` says."""
    if not said:
        return "unlabelled", ""
    for label in ("recalled", "assumed"):
        if said.startswith(label):
            return label, said.removeprefix(label).lstrip(":; ")
    return "sourced", said
