"""`terasu shell`: IPython with the run engine, the beamline, the plans and the catalogue."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import TYPE_CHECKING, Any

from daq import options
from daq.errors import innermost

if TYPE_CHECKING:
    from daq.shell.commands import Commands

log = logging.getLogger(__name__)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("shell", help="work at a beamline in IPython", description=__doc__)
    parser.add_argument("beamline", metavar="BEAMLINE")
    parser.add_argument("--sim", action="store_true", help="start the simulated servers for this session")
    options.add_proposal(parser)
    parser.add_argument("--operator", metavar="NAME", help="who works here (default: the user logged in)")
    options.add_allow_simulated(parser)
    options.add_take(parser)
    options.add_config(parser)
    options.add_data(parser)
    parser.add_argument(
        "--plot",
        choices=("auto", "text", "window", "none"),
        default="auto",
        help="the live plot: in the terminal, in a window, or what fits where you are (default)",
    )
    options.add_tango(parser)
    options.add_sim(parser, clock="live")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring the beamline up and hand over to the user."""
    from daq.commands.run import check_simulation_options, check_take

    arguments.clock = "experiment" if not arguments.sim and arguments.clock == "live" else arguments.clock
    check_take(arguments)
    check_simulation_options(arguments)
    from daq.session import open_session
    from daq.shell.screen import Screen
    from daq.signals import PauseOnSignal
    from daq.tango_export.beside import beside

    screen = Screen()
    with (
        open_session(
            arguments.beamline,
            simulate=options.sim_options(arguments) if arguments.sim else None,
            config=arguments.config,
            data=arguments.data,
            proposal=arguments.proposal,
            operator=arguments.operator,
            sample=arguments.sample,
            allow_simulated=arguments.allow_simulated,
            process=f"shell-{arguments.beamline}",
            holds="shell",
            take=arguments.take,
            signals=PauseOnSignal,
            say=screen.say,
        ) as session,
        beside(session, arguments.tango, screen.say),
    ):
        from daq.shell.commands import Commands
        from daq.shell.desk import Desk

        commands = Commands(Desk(session, screen, plot=arguments.plot))
        _interact(names(session, commands), banner(session), commands)
    return 0


def names(session: Any, commands: Commands) -> dict[str, Any]:
    """Return what the user finds in the shell."""
    import bluesky.plan_stubs as bps

    from daq.catalogue import open_catalogue
    from daq.check_plan import check_plan

    found: dict[str, Any] = dict(commands.plans)
    found |= {name: device for name, device in session.tree.devices.items() if name not in found}
    found |= {name: one for name, one in commands.functions.items() if name not in found}
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
        "  wa                         where all is     ascan energy 7100 7130 30 0.1   scan, count 0.1 s a point\n"
        "  mv energy 7112             move             cen, com, peak                  go there\n"
        "  undo                       and back         RE(xas('Fe K'))                 any plan, in Python\n"
        '  save_position "sample A"   goto "sample A"  check_plan(xas, \'Fe K\')        look ahead\n'
        '  note "…"                   remark           bl.<Tab>  catalogue[-1]         devices, the last run\n'
        "  Ctrl-C pauses with the shutter closed and asks; twice aborts. %tb: an error in full\n"
    )


def _interact(user_names: dict[str, Any], text: str, commands: Commands) -> None:
    from IPython.terminal.embed import InteractiveShellEmbed
    from traitlets.config import Config

    from daq.shell.words import RUN, transformer

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
    user_names[RUN] = commands.line
    shell = Shell(config=settings, banner1=text, user_ns=user_names)
    commands.variables = shell.user_ns
    shell.input_transformers_cleanup.append(
        transformer(lambda name, alone: is_ours(name, alone, user_names, shell.user_ns, commands))
    )
    shell.set_custom_exc((Exception,), lambda *error, **more: one_line(commands, *error, **more))
    shell()


def is_ours(name: str, alone: bool, given: dict[str, Any], now: dict[str, Any], commands: Commands) -> bool:
    """Return whether `name` is a command still, and not what the user has made of it since."""
    return commands.is_command(name, alone) and now.get(name) is given.get(name)


def one_line(
    commands: Commands,
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: Any,
    tb_offset: Any = None,
) -> Any:
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
        if commands.desk.engine.state == "paused":
            commands.desk.interrupted()
        else:
            sys.stderr.write("aborted\n")
    else:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    return None
