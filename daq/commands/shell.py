"""`terasu shell`: IPython with the run engine, the beamline, the plans and the catalogue."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from daq import options
from daq.errors import innermost

log = logging.getLogger(__name__)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("shell", help="work at a beamline in IPython", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE")
    parser.add_argument("--sim", action="store_true", help="start the simulated servers for this session")
    options.add_proposal(parser)
    parser.add_argument("--operator", metavar="NAME", help="who works here (default: the user logged in)")
    options.add_allow_simulated(parser)
    options.add_config(parser)
    options.add_data(parser)
    options.add_sim(parser, clock="live")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring the beamline up and hand over to the user."""
    from daq.commands.run import _check_simulation_options

    arguments.clock = "experiment" if not arguments.sim and arguments.clock == "live" else arguments.clock
    _check_simulation_options(arguments)
    from daq.session import open_session
    from daq.signals import PauseOnSignal

    with open_session(
        arguments.beamline,
        simulate=options.sim_options(arguments) if arguments.sim else None,
        config=arguments.config,
        data=arguments.data,
        proposal=arguments.proposal,
        operator=arguments.operator,
        sample=arguments.sample,
        allow_simulated=arguments.allow_simulated,
        process=f"shell-{arguments.beamline}",
        signals=PauseOnSignal,
        say=_say,
    ) as session:
        from daq.live import LiveView

        session.engine.subscribe(LiveView())
        _interact(names(session), banner(session))
    return 0


def names(session: Any) -> dict[str, Any]:
    """Return what the user finds in the shell."""
    import bluesky.plan_stubs as bps

    from daq import plan_call
    from daq.catalogue import open_catalogue
    from daq.check_plan import check_plan

    found: dict[str, Any] = {
        name: plan_call.with_roles(plan, session.tree) for name, plan in plan_call.known_plans().items()
    }
    found |= {name: device for name, device in session.tree.devices.items() if name not in found}
    return found | {
        "RE": session.engine,
        "bl": session.tree,
        "bps": bps,
        "check_plan": check_plan,
        "catalogue": open_catalogue(session.data_dir),
    }


def banner(session: Any) -> str:
    """Return the first lines that the user reads."""
    mode = f"simulated, seed {session.clock.seed}, {session.clock.mode} clock" if session.clock.simulated else "real"
    return (
        f"{session.beamline.title} ({mode})\n"
        "  bl.<Tab>  devices      RE(xas('Fe K'))  run a plan      catalogue[-1]  the last run\n"
        "  RE(mv(energy, 7112))   move             Ctrl-C          pause with the shutter closed;\n"
        "  check_plan(xas, 'Fe K')                 look ahead      then RE.resume(), RE.stop() or RE.abort()\n"
        "  %tb        an error in full\n"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _interact(user_names: dict[str, Any], text: str) -> None:
    from IPython.terminal.embed import InteractiveShellEmbed
    from traitlets.config import Config

    class Shell(InteractiveShellEmbed):
        def interact(self) -> None:
            """Read and run until told to end; a Ctrl-C that finds no plan to pause only gives a new prompt."""
            while True:
                try:
                    return super().interact()
                except KeyboardInterrupt:
                    sys.stdout.write("\n")

    settings = Config()
    settings.TerminalInteractiveShell.confirm_exit = False
    settings.TerminalInteractiveShell.enable_tip = False
    settings.InteractiveShell.xmode = "Minimal"  # one line here too; `%tb` shows the whole of the last error
    settings.HistoryManager.enabled = sys.stdin.isatty()
    shell = Shell(config=settings, banner1=text, user_ns=user_names)
    shell.set_custom_exc((Exception,), one_line)
    shell()


def one_line(shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None) -> Any:
    """Show an error that Terasu or the engine raises as one clear line; anything else as IPython would."""
    from bluesky.utils import RunEngineInterrupted

    from beam.errors import TerasuError

    # where `%tb` finds it
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, traceback
    log.info("the user was shown an error", exc_info=error)
    cause = innermost(error)
    if isinstance(cause, TerasuError):
        sys.stderr.write(f"{type(cause).__name__}: {cause}\n")
    elif isinstance(error, RunEngineInterrupted):
        state = shell.user_ns["RE"].state
        sys.stderr.write(
            "paused, shutter closed: RE.resume(), RE.stop() or RE.abort()\n" if state == "paused" else "aborted\n"
        )
    else:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    return None
