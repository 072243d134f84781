"""A configuration directory that extends another one: it holds only what differs.

`facility.toml` of such a directory begins with ``extends = ".."``, a path from there. A file that it does not have is
taken from the directory that it extends; of a file that both have, tables are joined key by key, and the extending
directory's value counts. An address is one fact: where the extending table gives `tango`, the other's `prefix` is no
longer there, and the other way round.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, cast

from beam.errors import ConfigError

EXTENDS = "extends"
FACILITY = "facility.toml"
ADDRESSES = {"prefix", "tango"}


def layers(root: Path) -> list[Path]:
    """Return a configuration directory and those that it extends, the nearest first.

    Raises
    ------
    ConfigError
        If one of them is no configuration directory, or they extend each other in a circle.
    """
    found: list[Path] = []
    directory = root.resolve()
    while True:
        if directory in found:
            raise ConfigError(f"{found[-1] / FACILITY}: {EXTENDS}: {directory} extends itself")
        found.append(directory)
        path = directory / FACILITY
        base = parse(path).get(EXTENDS) if path.is_file() else None
        if base is None:
            return found
        if not isinstance(base, str) or not (directory / base / FACILITY).is_file():
            raise ConfigError(f"{path}: {EXTENDS} = {base!r}: no {FACILITY} there")
        directory = (directory / base).resolve()


def parse(path: Path) -> dict[str, Any]:
    """Read one TOML file, with errors that name the file and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def find(root: Path, file: str) -> Path:
    """Return where a file of a configuration is: in its directory, or in one that this extends."""
    return next((one / file for one in layers(root) if (one / file).is_file()), root / file)


def read(root: Path, file: str) -> dict[str, Any]:
    """Return the content of a file of a configuration, joined with that of the same file in what it extends."""
    content: dict[str, Any] = {}
    paths = [one / file for one in layers(root)]
    present = [path for path in paths if path.is_file()]
    for path in reversed(present or paths[:1]):
        content = join(content, parse(path))
    if file == FACILITY:
        content.pop(EXTENDS, None)
    return content


Table = dict[str, Any]


def join(below: Table, above: Table) -> Table:
    """Return two tables as one; where both have a key, `above` counts."""
    joined = {key: value for key, value in below.items() if not (key in ADDRESSES and ADDRESSES & above.keys())}
    for key, value in above.items():
        under = below.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        joined[key] = join(cast(Table, under), cast(Table, value)) if both else value
    return joined
