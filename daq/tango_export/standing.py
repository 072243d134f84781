"""The devices of a station for an export that stands alone: connected and checked as for a run, without an engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beam.bench import Bench, load_station
from daq import logs, paths
from daq.options import SimOptions

if TYPE_CHECKING:
    from beamlines import DeviceTree
    from ioc_sim.launch import Simulation


@dataclass(frozen=True)
class Standing:
    """What is exported where no plan is run."""

    tree: DeviceTree
    data_dir: Path
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
    facility, wanted = load_station(station, config)
    data_dir = paths.data_dir(data)
    paths.check_writable(data_dir, "data directory")
    logs.log_to(data_dir / "logs", f"tango-{station}")
    with ExitStack() as stack:
        simulation = None
        if simulate is not None:
            from ioc_sim.launch import Simulation

            simulation = Simulation(**asdict(simulate), files=paths.simulated_dir(data_dir))
            stack.callback(simulation.stop)
            simulation.begin()
            os.environ.update(simulation.environment)
        import beamlines
        from daq import origin
        from daq.device_clock import DeviceClock
        from daq.session import CLOCK_TIMEOUT_S, CONNECT_TIMEOUT_S, in_words
        from daq.settings import SettingsStore, adopt
        from devices.deadlines import set_time_scale

        tree = beamlines.load(station, config)
        for device in tree.devices.values():
            stack.callback(device.destroy)
        if simulation is not None:
            simulation.wait_until_ready()
            simulation.announce()
        absent = tree.come_up(CONNECT_TIMEOUT_S)
        for line in in_words(absent):
            say(line)
        clock = DeviceClock(wanted.prefix, with_beam=not isinstance(wanted, Bench))
        stack.callback(clock.destroy)
        ring = [facility.ring.own_prefix] if "ring" in tree.devices and "ring" not in absent else []
        origins = origin.Origins((wanted.prefix, *ring))
        stack.callback(origins.destroy)
        said = clock.connect(CLOCK_TIMEOUT_S)
        tokens = origins.tokens(CLOCK_TIMEOUT_S if said.simulated else 0.1)
        origin.check(tokens, simulation and simulation.token, allow_simulated)
        set_time_scale(said.time_scale)
        adopt(tree, SettingsStore(data_dir, station, simulated=said.simulated))
        yield Standing(tree, data_dir, simulation)
