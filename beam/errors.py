"""The root of all Terasu errors, and those that physics and facts raise."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 20  # names in a message that has none nearer to offer


class TerasuError(Exception):
    """Anything Terasu refuses or finds wrong; the message is one clear line for the user."""


class ConfigError(TerasuError):
    """The configuration is missing or malformed."""


class UnknownName(TerasuError):
    """A name that does not exist, with the nearest that do."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        by_case = {one.casefold(): one for one in known}
        # of few names all are shown where none is near; of many, those that are nearest
        cutoff = 0.5 if len(known) <= SHOWN else 0.01
        near = [by_case[one] for one in difflib.get_close_matches(name.casefold(), by_case, 3, cutoff)]
        more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        every = f"known: {', '.join(known[:SHOWN]) or 'none'}{more}"
        hint = f"did you mean {', '.join(near)}?" if near else every
        super().__init__(f"unknown {what} {name!r}; {hint}")
        self.name = name
        self.known = known


class OutOfReach(TerasuError):
    """A value that the hardware or the physics cannot reach; says what was asked, what is allowed, the unit."""


class BadSpectrum(TerasuError):
    """A measured spectrum that cannot be used; names the file and the line."""


class BadSample(TerasuError):
    """A sample that cannot be put into the beam; says what is missing or wrong."""


class BadEvents(TerasuError):
    """A list of ring events that cannot be read; says where."""
