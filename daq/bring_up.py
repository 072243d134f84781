"""The devices of a station, connected: servers where asked for, addresses that answer, whose servers they are."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beam import facts
from beam.bench import Bench, load_station
from daq import paths
from daq.options import SimOptions

if TYPE_CHECKING:
    from beamlines import DeviceTree
    from daq.device_clock import DeviceClock, ServerClock
    from daq.settings import SettingsStore
    from ioc_sim.launch import Simulation

CONNECT_TIMEOUT_S = 5.0
CLOCK_TIMEOUT_S = 1.0
OWN_TIMEOUT_S = 15.0
"""Servers that this session started, or that it was told of, do say that they are simulated: a slow machine is no other
server."""


@dataclass(frozen=True)
class Station:
    """A station whose devices are connected.

    Attributes
    ----------
    absent
        Addresses that did not answer, by device.
    clock
        What its servers said of their time and seed, and whether they are simulated.
    token
        That of its servers, if they are simulated.
    settings
        What was measured there, adopted already: `adopted` is what runs record of it.
    """

    name: str
    facility: facts.Facility
    facts: facts.Beamline | Bench
    tree: DeviceTree
    absent: dict[str, list[str]]
    device_clock: DeviceClock
    clock: ServerClock
    token: str | None
    settings: SettingsStore
    adopted: dict[str, object]
    data_dir: Path
    simulation: Simulation | None


@contextmanager
def bring_up(
    name: str,
    *,
    simulate: SimOptions | None = None,
    config: Path | None = None,
    data_dir: Path,
    allow_simulated: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Station]:
    """Connect the devices of a beamline or bench, and let go of them again.

    Parameters
    ----------
    name
        Of the beamline or bench.
    simulate
        Start its servers too, with these options.
    config
        Directory of the configuration, where it is not to be found in the usual way.
    data_dir
        Where settings are, and where simulated detectors write.
    allow_simulated
        Take simulated servers that others started.
    meanwhile
        Done while the servers boot.
    say
        Takes a line for each device that does not answer.

    Raises
    ------
    TerasuError
        Configuration, servers or devices are not as they must be.
    """
    facility, wanted = load_station(name, config)
    with ExitStack() as stack:
        simulation = None
        if simulate is not None:
            from daq.pinned import check_pinned
            from ioc_sim.launch import Simulation

            check_pinned(wanted, *(() if isinstance(wanted, Bench) else (facility,)))
            # where the catalogue may read what simulated detectors write, for as long as the data are kept
            simulation = Simulation(**asdict(simulate), files=paths.simulated_dir(data_dir))
            stack.callback(simulation.stop)
            simulation.begin()
            # before the control layer is imported, which reads it
            os.environ.update(simulation.environment)
        gc.disable()  # what is imported stays: walking it again and again costs a third of the time
        import beamlines  # while the servers boot
        from daq import origin
        from daq.device_clock import DeviceClock
        from daq.settings import SettingsStore, adopt
        from devices.deadlines import set_time_scale

        meanwhile()
        gc.freeze()
        gc.enable()
        tree = beamlines.load(name, config)
        # channels are closed before the servers stop: their end is then no lost connection
        for device in tree.devices.values():
            stack.callback(device.destroy)
        if simulation is not None:
            # a server that refuses to start says why; one that is still starting is not one that does not answer
            simulation.wait_until_ready()
            simulation.announce()
        absent = tree.come_up(CONNECT_TIMEOUT_S)
        for line in in_words(absent):
            say(line)
        device_clock = DeviceClock(wanted.prefix, with_beam=not isinstance(wanted, Bench))
        stack.callback(device_clock.destroy)
        ring = [facility.ring.own_prefix] if "ring" in tree.devices and "ring" not in absent else []
        origins = origin.Origins((wanted.prefix, *ring))
        stack.callback(origins.destroy)
        told = simulation is not None or origin.TOKEN_VARIABLE in os.environ
        within_s = OWN_TIMEOUT_S if told else CLOCK_TIMEOUT_S
        clock = device_clock.connect(within_s)
        # where the beamline's server says nothing of a simulation, the ring's has had its time to answer, too
        tokens = origins.tokens(within_s if clock.simulated else 0.1)
        origin.check(tokens, simulation and simulation.token, allow_simulated)
        set_time_scale(clock.time_scale)
        settings = SettingsStore(data_dir, name, simulated=clock.simulated)
        yield Station(
            name,
            facility,
            wanted,
            tree,
            absent,
            device_clock,
            clock,
            tokens[wanted.prefix],
            settings,
            adopt(tree, settings),
            data_dir,
            simulation,
        )


def in_words(absent: dict[str, list[str]]) -> list[str]:
    """Return a line for each device that does not answer."""
    return [
        f"{name} does not answer ({addresses[0]}{f' and {len(addresses) - 1} more' if addresses[1:] else ''}): "
        "plans that need it are refused until it is back"
        for name, addresses in absent.items()
    ]
