"""Reader of measured spectra in the X-ray Absorption Data Interchange format (XDI 1.0/1.1).

Reference: B. Ravel, M. Newville, J. Phys.: Conf. Ser. 712 (2016) 012148. Read are the columns named in the
``# Column.N:`` fields (else in the last comment line before the numbers); energies in eV or keV.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.errors import BadSpectrum

Floats: TypeAlias = npt.NDArray[np.float64]

MIN_POINTS = 10
INTENSITIES = ("i0", "itrans", "ifluor", "irefer")
_FIELD = re.compile(r"#\s*([A-Za-z][\w-]*\.[\w-]+)\s*:\s*(.*)")
_UNITS = {"ev": 1.0, "kev": 1000.0}


@dataclasses.dataclass(frozen=True, eq=False)
class XdiFile:
    """A measured spectrum.

    Attributes
    ----------
    columns
        Arrays of equal length by lower-case name; ``energy`` is in eV, strictly ascending.
    metadata
        Header fields such as ``Element.symbol`` by name as written.
    path
        Where it was read from.
    """

    columns: dict[str, Floats]
    metadata: dict[str, str]
    path: Path

    def field(self, name: str) -> str | None:
        """Return a header field, upper and lower case alike, None where it is absent or empty."""
        for key, value in self.metadata.items():
            if key.casefold() == name.casefold() and value:
                return value
        return None


def read_xdi(path: str | Path) -> XdiFile:
    """Read a measured spectrum and refuse what cannot be one.

    Parameters
    ----------
    path
        A text file that begins with ``# XDI/``.

    Raises
    ------
    BadSpectrum
        Naming file and line: no such file, not XDI, a number malformed or not finite, a wrong count of columns,
        energies that do not ascend or repeat, no energy, i0 or signal column, fewer than 10 points, an intensity
        that is not positive.
    """
    path = Path(path)
    lines = _lines(path)
    metadata: dict[str, str] = {}
    declared: dict[int, str] = {}
    label: list[str] = []
    rows: list[list[float]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if text.startswith("#"):
            if rows:
                continue
            label = text.lstrip("#").split() or label
            if found := _FIELD.match(text):
                _declare(path, number, found.group(1), found.group(2).strip(), metadata, declared)
            continue
        rows.append([_number(path, number, word) for word in text.split()])
        numbers.append(number)
        if len(rows[-1]) != len(rows[0]):
            _refuse(path, number, f"{len(rows[-1])} columns, the line {numbers[0]} has {len(rows[0])}")
    if not rows:
        _refuse(path, len(lines), "no numbers")
    names, scale = _names(path, numbers[0], declared, label, len(rows[0]))
    table = np.array(rows, dtype=np.float64)
    columns = {name: table[:, index] for index, name in enumerate(names)}
    columns["energy"] = columns["energy"] * scale
    _check(path, columns, numbers)
    return XdiFile(columns, metadata, path)


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise BadSpectrum(f"{path}, line {line}: {what}")


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadSpectrum(f"{path}: {error.strerror}") from error
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    if not lines or not re.match(r"#\s*XDI/\d", lines[0]):
        _refuse(path, 1, "not an XDI file: it must begin with '# XDI/1.0'")
    return lines


def _declare(path: Path, line: int, key: str, value: str, metadata: dict[str, str], declared: dict[int, str]) -> None:
    metadata.setdefault(key, value)
    family, _, member = key.partition(".")
    if family.casefold() == "column":
        if not member.isdigit() or not value:
            _refuse(path, line, f"{key}: {value!r} names no column; expected such as '# Column.1: energy eV'")
        declared[int(member)] = value.casefold()


def _number(path: Path, line: int, word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        _refuse(path, line, f"{word!r} is no number")
    if not math.isfinite(value) or "_" in word:
        _refuse(path, line, f"{word!r} is no finite number")
    return value


def _names(path: Path, line: int, declared: dict[int, str], label: list[str], count: int) -> tuple[list[str], float]:
    """Return the names of the columns in order and what turns the energy column into eV."""
    if declared:
        if sorted(declared) != list(range(1, len(declared) + 1)) or len(declared) != count:
            shown = ", ".join(f"Column.{index}" for index in sorted(declared))
            _refuse(path, line, f"{count} columns, but the header declares {shown}")
        words = [declared[index + 1].split() for index in range(count)]
    else:
        words = [[word.casefold()] for word in label]
        if len(words) != count:
            _refuse(path, line, f"{count} columns and no '# Column.N:' fields or line of labels that name them")
    names = [word[0] for word in words]
    for wanted, meaning in (("energy", "energy"), ("i0", "incident intensity")):
        if wanted not in names:
            _refuse(path, line, f"no column {wanted!r} ({meaning}); the columns are {', '.join(names)}")
    if not {"itrans", "ifluor"} & set(names):
        _refuse(path, line, f"no signal column 'itrans' or 'ifluor'; the columns are {', '.join(names)}")
    if len(set(names)) != len(names):
        _refuse(path, line, f"two columns of one name: {', '.join(names)}")
    energy = words[names.index("energy")]
    unit = energy[1].strip("()[]") if len(energy) > 1 else "ev"
    if unit not in _UNITS:
        _refuse(path, line, f"energy in {unit!r}: eV or keV are understood")
    return names, _UNITS[unit]


def _check(path: Path, columns: dict[str, Floats], numbers: list[int]) -> None:
    energy = columns["energy"]
    if len(energy) < MIN_POINTS:
        _refuse(path, numbers[-1], f"{len(energy)} points; at least {MIN_POINTS} are needed")
    if energy[0] <= 0:
        _refuse(path, numbers[0], f"energy {energy[0]:g} eV is not positive")
    steps = np.diff(energy)
    if np.any(steps <= 0):
        first = int(np.argmax(steps <= 0)) + 1
        what = "repeats" if steps[first - 1] == 0 else "falls after"
        _refuse(path, numbers[first], f"energy {energy[first]:.10g} eV {what} {energy[first - 1]:.10g} eV: must ascend")
    for name in INTENSITIES:
        if name in columns and np.any(columns[name] <= 0):
            first = int(np.argmax(columns[name] <= 0))
            _refuse(path, numbers[first], f"{name} = {columns[name][first]:g}: an intensity must be positive")
