"""A session at a beamline: servers where asked for, the connected device tree, the engine, the catalogue."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beam import facts
from beam.bench import Bench, load_station
from daq import configuration_record, logs, metadata, paths
from daq.errors import UsageError
from daq.options import SimOptions

if TYPE_CHECKING:
    from bluesky.run_engine import RunEngine

    from beamlines import DeviceTree
    from daq.device_clock import ServerClock
    from daq.guard import Guard
    from daq.lease import Lease
    from ioc_sim.launch import Simulation

CONNECT_TIMEOUT_S = 5.0
CLOCK_TIMEOUT_S = 1.0


@dataclass
class Session:
    """All that a command needs to run plans."""

    beamline: facts.Beamline | Bench
    tree: DeviceTree
    engine: RunEngine
    clock: ServerClock
    data_dir: Path
    simulation: Simulation | None = None
    log: Path | None = None
    absent: dict[str, list[str]] = field(default_factory=dict)
    """Addresses that did not answer when it began, by device."""
    lease: Lease | None = None
    """Its hold on the station; None if it only looks."""


@contextmanager
def open_session(
    beamline: str,
    *,
    simulate: SimOptions | None = None,
    config: Path | None = None,
    data: Path | None = None,
    proposal: str | None = None,
    operator: str | None = None,
    sample: str | None = None,
    process: str = "run",
    signals: Any = None,
    plan: tuple[str, list[str]] | None = None,
    allow_simulated: bool = False,
    holds: str | None = "run",
    take: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Session]:
    """Bring up everything that a plan at `beamline`, or at a bench, needs, and take it down again.

    Servers and catalogue start as processes of their own: the servers while this process imports the control layer,
    the catalogue, for which nobody waits, when the two cores that a laptop has are no longer busy with that.

    Parameters
    ----------
    beamline
        Its name.
    simulate
        Start the servers too, with these options.
    config, data
        Directories, where they are not to be found in the usual way.
    proposal, operator, sample
        Recorded with each run.
    process
        What the log is called.
    signals
        What Ctrl-C means (`daq.signals`); by default that the run aborts.
    plan
        The plan's name and the words that follow it, whose names are checked before the servers are waited for.
    allow_simulated
        Take simulated servers that others started for the beamline.
    holds
        What the station is held for, as others are told (``run``, ``shell``, ``queue``); None to look only: nothing
        may be moved then.
    take
        Take the station over from whoever holds it.
    say
        Tells the user in a line what does not answer, which plans were not checked ahead, and what a run waits for.

    Raises
    ------
    TerasuError
        Before anything moved: configuration, servers, data directory or devices are not as they must be.
    """
    facility, wanted = load_station(beamline, config)
    data_dir = paths.data_dir(data)
    from daq.journal import Journal

    Journal.check(data_dir / "journal")
    log = logs.log_to(data_dir / "logs", process)
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
        from daq import origin, plan_call
        from daq.catalogue import ensure_catalogue
        from daq.device_clock import DeviceClock
        from daq.engine import abandon_paused, make_engine
        from daq.foresight import Foresight
        from daq.holding import holding, looking_only, shutters
        from daq.integrity import Integrity
        from daq.lease import place
        from daq.lease.stand_down import StandDown
        from daq.origin import Origins
        from daq.settings import SettingsStore, adopt
        from daq.signals import AbortOnSignal
        from devices.deadlines import set_time_scale

        gc.freeze()
        gc.enable()
        # it comes up while the plan runs; what is taken before it answers is in the journal that it reads
        ensure_catalogue(data_dir, wait=False)
        if plan is not None:
            plan_call.check_names(*plan)
        tree = beamlines.load(beamline, config)
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
        origins = Origins((wanted.prefix, *ring))
        stack.callback(origins.destroy)
        clock = device_clock.connect(CLOCK_TIMEOUT_S)
        # where the beamline's server says nothing of a simulation, the ring's has had its time to answer, too
        tokens = origins.tokens(CLOCK_TIMEOUT_S if clock.simulated else 0.1)
        origin.check(tokens, simulation and simulation.token, allow_simulated)
        if sample and clock.simulated and simulation is None:
            raise UsageError(f"--sample {sample}: the simulation that runs already says itself what is in its beam")
        token = tokens[wanted.prefix]
        at = place(data_dir, beamline, token)
        # from here on nobody else moves it
        hold = (
            holding(at, holds, tree, data_dir, take=take, token=token, guarded=simulation is None, say=say)
            if holds
            else looking_only()
        )
        lease = stack.enter_context(hold)
        set_time_scale(clock.time_scale)
        if clock.simulated:
            tree.supplement.baseline.append(device_clock.time)
        standing = metadata.standing(facility, wanted, proposal, operator)
        standing |= clock.record()
        if wanted.readings:
            standing["reading_policies"] = dict(wanted.readings)
        standing["settings"] = adopt(tree, SettingsStore(data_dir, beamline, simulated=clock.simulated))
        if sample and not clock.simulated:
            standing["sample"] = {"name": sample}
        configuration_record.keep(data_dir, facility, wanted)
        engine = make_engine(data_dir, beamline, standing, device_clock, signals or AbortOnSignal)
        guard = guard_of(tree, wanted, say)
        integrity = Integrity(guard)
        engine.preprocessors += [Foresight(say), *tree.preprocessors, guard, integrity]
        engine.subscribe(integrity.document)
        stack.callback(abandon_paused, engine)
        if lease:
            StandDown(lease, engine, shutters(tree))
        yield Session(wanted, tree, engine, clock, data_dir, simulation, log, absent, lease)


def guard_of(tree: DeviceTree, wanted: facts.Beamline | Bench, say: Callable[[str], None] = lambda _: None) -> Guard:
    """Return what keeps spoiled points out of the runs of a connected tree."""
    from daq.guard import Guard
    from daq.suspend import conditions

    found = conditions(wanted.suspend, tree)
    for one in found:
        if (check_unit := getattr(one, "check_unit", None)) is not None:
            check_unit()
    return Guard(found, wanted.flux, tree.roles.get("shutter"), say)


def in_words(absent: dict[str, list[str]]) -> list[str]:
    """Return a line for each device that does not answer."""
    return [
        f"{name} does not answer ({addresses[0]}{f' and {len(addresses) - 1} more' if addresses[1:] else ''}): "
        "plans that need it are refused until it is back"
        for name, addresses in absent.items()
    ]
