"""A session at a beamline: servers where asked for, the connected device tree, the engine, the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beam import facts
from beam.bench import Bench, load_station
from daq import configuration_record, logs, metadata, paths
from daq.bring_up import bring_up
from daq.errors import UsageError
from daq.options import SimOptions

if TYPE_CHECKING:
    from bluesky.run_engine import RunEngine

    from beamlines import DeviceTree
    from daq.device_clock import ServerClock
    from daq.guard import Guard
    from daq.lease import Lease
    from ioc_sim.launch import Simulation


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
    load_station(beamline, config)  # what is wrong with it is said before anything is made
    data_dir = paths.data_dir(data)
    from daq.journal import Journal

    Journal.check(data_dir / "journal")
    log = logs.log_to(data_dir / "logs", process)

    def meanwhile() -> None:
        import daq.foresight
        import daq.holding
        import daq.integrity
        import daq.lease.stand_down  # noqa: F401
        from daq import plan_call
        from daq.catalogue import ensure_catalogue

        # it comes up while the plan runs; what is taken before it answers is in the journal that it reads
        ensure_catalogue(data_dir, wait=False)
        if plan is not None:
            plan_call.check_names(*plan)

    with ExitStack() as stack:
        station = stack.enter_context(
            bring_up(
                beamline,
                simulate=simulate,
                config=config,
                data_dir=data_dir,
                allow_simulated=allow_simulated,
                meanwhile=meanwhile,
                say=say,
            )
        )
        from daq.engine import abandon_paused, make_engine
        from daq.foresight import Foresight
        from daq.holding import holding, looking_only, shutters
        from daq.integrity import Integrity
        from daq.lease import place
        from daq.lease.stand_down import StandDown
        from daq.settings import KeepSettings
        from daq.signals import AbortOnSignal

        tree, wanted, clock, token = station.tree, station.facts, station.clock, station.token
        if sample and clock.simulated and station.simulation is None:
            raise UsageError(f"--sample {sample}: the simulation that runs already says itself what is in its beam")
        at = place(data_dir, beamline, token)
        # from here on nobody else moves it
        hold = (
            holding(at, holds, tree, data_dir, take=take, token=token, guarded=station.simulation is None, say=say)
            if holds
            else looking_only()
        )
        lease = stack.enter_context(hold)
        if clock.simulated:
            tree.supplement.baseline.append(station.device_clock.time)
        standing = metadata.standing(station.facility, wanted, proposal, operator)
        standing |= clock.record()
        if wanted.readings:
            standing["reading_policies"] = dict(wanted.readings)
        standing["settings"] = station.adopted
        if sample and not clock.simulated:
            standing["sample"] = {"name": sample}
        configuration_record.keep(data_dir, station.facility, wanted)
        engine = make_engine(data_dir, beamline, standing, station.device_clock, signals or AbortOnSignal)
        KeepSettings(engine, tree, station.settings, say)
        guard = guard_of(tree, wanted, say)
        integrity = Integrity(guard)
        engine.preprocessors += [Foresight(say), *tree.preprocessors, guard, integrity]
        engine.subscribe(integrity.document)
        stack.callback(abandon_paused, engine)
        if lease:
            StandDown(lease, engine, shutters(tree))
        yield Session(wanted, tree, engine, clock, data_dir, station.simulation, log, station.absent, lease)


def guard_of(tree: DeviceTree, wanted: facts.Beamline | Bench, say: Callable[[str], None] = lambda _: None) -> Guard:
    """Return what keeps spoiled points out of the runs of a connected tree."""
    from daq.guard import Guard
    from daq.suspend import conditions

    found = conditions(wanted.suspend, tree)
    for one in found:
        if (check_unit := getattr(one, "check_unit", None)) is not None:
            check_unit()
    return Guard(found, wanted.flux, tree.roles.get("shutter"), say)
