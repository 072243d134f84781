"""The devices of a station for an export that stands alone: connected and checked as for a run, without an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from daq import logs, paths
from daq.bring_up import bring_up
from daq.lease import check_free
from daq.options import SimOptions

if TYPE_CHECKING:
    from beamlines import DeviceTree
    from ioc_sim.launch import Simulation


@dataclass(frozen=True)
class Standing:
    """What is exported where no plan is run."""

    tree: DeviceTree
    data_dir: Path
    may_move: Callable[[], None]
    """Refuses while an engine holds the station."""
    simulation: Simulation | None = None
    engine: None = None


@contextmanager
def open_standing(
    station: str,
    *,
    simulate: SimOptions | None = None,
    config: Path | None = None,
    data: Path | None = None,
    allow_simulated: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Standing]:
    """Bring up the devices of a beamline or bench.

    Parameters
    ----------
    station, config, data, allow_simulated, say
        As `daq.session.open_session` takes them.
    simulate
        Start its servers, too, with these options.

    Raises
    ------
    TerasuError
        Configuration, servers or devices are not as they must be.
    """
    data_dir = paths.data_dir(data)
    paths.check_writable(data_dir, "data directory")
    logs.log_to(data_dir / "logs", f"tango-{station}")
    with bring_up(
        station, simulate=simulate, config=config, data_dir=data_dir, allow_simulated=allow_simulated, say=say
    ) as found:
        yield Standing(found.tree, data_dir, lambda: check_free(data_dir, station, found.token), found.simulation)
