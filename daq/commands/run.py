"""`terasu run`: one plan at a beamline, from nothing running to data that can be read."""

from __future__ import annotations

import argparse
import json
import shlex
import time
from pathlib import Path
from typing import Any

from beam.errors import TerasuError
from daq import options, paths
from daq.errors import RunAborted, RunFailed, RunNotSuccessful, UsageError, exit_status, interrupted
from daq.say import remark, say


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "run",
        help="run one plan",
        description=__doc__,
        epilog='Example: terasu run bl09u xas edge="Fe K" --sim --seed 7 --time-scale 100 --export out.xdi',
    )
    parser.add_argument("beamline", metavar="BEAMLINE")
    parser.add_argument("plan", metavar="PLAN", help="a Terasu or Bluesky plan")
    parser.add_argument("words", metavar="VALUE|key=value", nargs="*", help="the plan's arguments")
    parser.add_argument("--sim", action="store_true", help="start the simulated servers for this run")
    parser.add_argument(
        "--export",
        metavar="FILE",
        action="append",
        default=[],
        help="also write FILE (.nxs, .h5, .parquet, .xdi, .csv, .png); auto, auto.xdi …: where data_path says",
    )
    options.add_proposal(parser)
    parser.add_argument("--operator", metavar="NAME", help="who runs it (default: the user logged in)")
    parser.add_argument("--dry-run", action="store_true", help="say what the plan would do; nothing moves")
    parser.add_argument("--json", action="store_true", help="print one JSON object last")
    options.add_allow_simulated(parser)
    options.add_take(parser)
    options.add_tango(parser)
    options.add_config(parser)
    options.add_data(parser)
    options.add_sim(parser, clock="experiment")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the plan, tell what became of it, export."""
    outcome = None
    try:
        if arguments.dry_run:
            check_take(arguments)
            return _forecast(arguments)
        check_take(arguments)
        check_simulation_options(arguments)
        facility = _check_exports(arguments)
        began = time.monotonic()
        outcome, note = _execute(arguments)
        seconds = time.monotonic() - began
        files = _save(arguments, outcome, facility)
    except TerasuError as error:
        return _complain(arguments, error, getattr(error, "outcome", None) or outcome)
    except (Exception, KeyboardInterrupt) as error:
        if not interrupted(error):
            raise
        when = "before the run began" if outcome is None else "after the run"
        return _complain(arguments, RunAborted(f"interrupted {when}"), outcome)
    if outcome.uids:
        say(f"{outcome.exit_status}: {outcome.num_points} points in {seconds:.1f} s, run {outcome.uids[-1]}{note}")
    else:
        say(f"done in {seconds:.1f} s, nothing recorded{note}")
    for path in files:
        say(f"wrote {path}")
    if arguments.json:
        _print_json(outcome, files)
    return 0


def _complain(arguments: argparse.Namespace, error: TerasuError, outcome: Any) -> int:
    """Say what went wrong and what was kept; the JSON object comes last here too."""
    if outcome is not None and outcome.uids:
        say(f"{outcome.exit_status}: {outcome.num_points} points kept, run {outcome.uids[-1]}")
    remark(str(error))
    if arguments.json:
        _print_json(outcome, [], str(error), "abort" if isinstance(error, RunAborted) else "refused")
    return exit_status(error)


def _session(arguments: argparse.Namespace) -> Any:
    from daq.session import open_session

    return open_session(
        arguments.beamline,
        simulate=options.sim_options(arguments) if arguments.sim else None,
        config=arguments.config,
        data=arguments.data,
        proposal=arguments.proposal,
        operator=arguments.operator,
        sample=arguments.sample,
        allow_simulated=arguments.allow_simulated,
        process=f"run-{arguments.beamline}",
        holds=None if arguments.dry_run else "run",
        take=arguments.take,
        plan=(arguments.plan, arguments.words),
        say=remark,
    )


def _forecast(arguments: argparse.Namespace) -> int:
    """Say what the plan would do."""
    check_simulation_options(arguments)
    with _session(arguments) as session:
        from daq import plan_call
        from daq.check_plan import check_plan

        plan, args, kwargs = plan_call.call(arguments.plan, arguments.words, session.tree)
        seen = check_plan(plan, *args, **kwargs)
    if arguments.json:
        say(json.dumps(seen.record()))
    else:
        for line in seen.lines():
            say(line)
    return 0


def _execute(arguments: argparse.Namespace) -> tuple[Any, str]:
    from daq.tango_export.beside import beside

    with _session(arguments) as session, beside(session, arguments.tango, remark):
        from daq import plan_call
        from daq.engine import execute
        from daq.live import LiveView

        plan, args, kwargs = plan_call.call(arguments.plan, arguments.words, session.tree)
        words = ["terasu", "run", arguments.beamline, arguments.plan, *arguments.words]
        session.engine.md["command"] = shlex.join(words)
        try:
            # the session's engine checks the whole of it before its first message
            outcome = execute(session.engine, plan(*args, **kwargs), LiveView())
        except RunNotSuccessful as error:
            if session.lease and session.lease.lost.is_set():
                kept = "the run was aborted; the points taken so far are kept"
                raise RunAborted(f"{session.lease.why}: {kept}", error.outcome) from error
            if isinstance(error, RunFailed) and (died := session.simulation and session.simulation.death()):
                raise RunFailed(died, error.outcome) from error
            raise
        note = f", seed {session.clock.seed}, simulated" if session.clock.simulated else ""
        return outcome, note


def check_take(arguments: argparse.Namespace) -> None:
    """Refuse to take a station from somebody who cannot have it."""
    if arguments.take and (arguments.sim or getattr(arguments, "dry_run", False)):
        raise UsageError("--take: with --sim and --dry-run there is nobody to take the station from")


def check_simulation_options(arguments: argparse.Namespace) -> None:
    """Refuse options of a simulation where none is started."""
    if arguments.sim:
        return
    standards = {"seed": None, "time_scale": 1.0, "port": 0, "clock": "experiment", "scenario": None}
    for name, standard in standards.items():
        if getattr(arguments, name) != standard:
            raise UsageError(f"--{name.replace('_', '-')} belongs to a simulation: add --sim")


def _check_exports(arguments: argparse.Namespace) -> Any:
    """Refuse what could not be written; return the facts that say where exports go."""
    from beam import facts
    from daq.export import check_format, check_target
    from daq.export.placing import automatic

    for target in arguments.export:
        if suffix := automatic(target):
            check_format(suffix)
        else:
            check_target(Path(target).expanduser(), overwrite=True)
    return facts.load_facility(arguments.config)


def _save(arguments: argparse.Namespace, outcome: Any, facility: Any) -> list[Path]:
    """Export the last run."""
    if not arguments.export or not outcome.uids:
        return []
    from daq.export import export
    from daq.export.placing import place
    from daq.export.source import from_journal

    # from the journal: it is complete now, whatever becomes of the catalogue that is fed from it
    data = paths.data_dir(arguments.data)
    one = from_journal(data, outcome.uids[-1])
    return [export(one, place(target, one, data, facility), overwrite=True) for target in arguments.export]


def _print_json(outcome: Any, files: list[Path], error: str | None = None, nothing_ran: str = "") -> None:
    answer: dict[str, Any] = {
        "uid": outcome.uids[-1] if outcome and outcome.uids else None,
        "exit_status": outcome.exit_status if outcome else nothing_ran,
        "num_points": outcome.num_points if outcome else 0,
        "files": [str(path) for path in files],
    }
    if error is not None:
        answer["error"] = error
    say(json.dumps(answer))
