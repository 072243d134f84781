"""The `terasu` command: one clear line and a documented exit status for whatever goes wrong."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from beam.errors import TerasuError
from daq import errors
from daq.say import remark

COMMANDS = (
    *("sim", "fault", "clock", "run", "shell", "queue", "top"),
    *("data", "moments", "settings", "check", "facts", "tango"),
)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    from daq import data_command
    from daq.commands import check, clock, facts, fault, moments, queue, run, settings, shell, sim, tango, top

    whole = argparse.ArgumentParser(
        prog="terasu",
        description="Beamline control and data acquisition, with the facility simulated over the real protocols.",
        epilog="Exit status: 0 success, 2 usage, 3 refused before motion, 4 failed, 130 aborted.",
    )
    subparsers = whole.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for command in (sim, fault, clock, run, shell, queue, top, data_command, moments, settings, check, facts, tango):
        command.add_parser(subparsers)
    return whole


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends everything as tidily as Ctrl-C does
    try:
        return arguments.run(arguments)
    except TerasuError as error:
        remark(str(error))
        return errors.exit_status(error)
    except BrokenPipeError:
        # the reader of our output went away (`terasu data list | head`); nothing is left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.SUCCESS
    except (Exception, KeyboardInterrupt) as error:
        if not errors.interrupted(error):
            raise
        remark("interrupted")
        return errors.ABORTED


if __name__ == "__main__":
    sys.exit(main())
