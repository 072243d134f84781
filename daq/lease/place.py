"""Which files stand for a station: engines that would move the same things meet at the same files.

====================================  ================================================================================
station                               files
====================================  ================================================================================
real hardware                         ``lease/<beamline>.lock`` in the data directory: whoever works at the beamline
                                      shares it
a simulation                          ``lease-<token>-<beamline>.lock`` in the user's runtime directory: each simulation
                                      has a token of its own, whatever the data directory is called; beamlines on one
                                      ring share it
====================================  ================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from beam.errors import ConfigError
from ioc_sim import announce

DIRECTORY = "lease"
LONGEST = 64
"""Of a token, which came over the network and becomes part of a file's name."""


@dataclass(frozen=True)
class Place:
    """Where the lease of one station is kept.

    Parameters
    ----------
    station
        The name of the beamline or bench.
    lock
        The file that its holder has locked.
    simulated
        Whether it is a simulation, whose files are of no use after it.
    """

    station: str
    lock: Path
    simulated: bool

    @property
    def request(self) -> Path:
        """The file in which somebody says that they take the station over."""
        return self.lock.with_suffix(".take")

    @property
    def words(self) -> str:
        """What it is, for a sentence."""
        return f"{self.station} (simulated)" if self.simulated else self.station


def place(data_dir: Path, station: str, token: str | None = None) -> Place:
    """Return where the lease of a station is kept.

    Parameters
    ----------
    data_dir
        The data directory.
    station
        The name of the beamline or bench.
    token
        That of its servers, if they are simulated.
    """
    if token is None:
        return Place(station, data_dir / DIRECTORY / f"{station}.lock", simulated=False)
    name = quote(token, safe="")
    if not 0 < len(name) <= LONGEST:
        raise ConfigError(f"{station}: its servers' token {token[:LONGEST]!r}: must have 1 to {LONGEST} characters")
    return Place(station, announce.made() / f"lease-{name}-{station}.lock", simulated=True)
