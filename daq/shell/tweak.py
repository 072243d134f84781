"""`tweak`: one axis moved by steps, up and down, until it is where it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beam.errors import TerasuError
from daq.shell.where import position

HELP = "+ up, - down, a number: new step, Enter: again, q: done"


def tweak(
    axis: Any, step: float, move_by: Callable[[float], None], say: Callable[[str], None], ask: Callable[[str], str]
) -> None:
    """Ask for steps until the user is done; what a device refuses is said, and asked again."""
    say(HELP)
    last = ""
    while True:
        try:
            answer = ask(f"{axis.name} {position(axis)} {axis.unit}, step {step:g}: ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            say("")
            return
        answer = answer or last
        if answer in ("q", "quit", "done"):
            return
        if answer in ("+", "-"):
            last = answer
            try:
                move_by(step if answer == "+" else -step)
            except TerasuError as error:
                say(str(error))
            continue
        try:
            wanted = abs(float(answer))
        except ValueError:
            wanted = 0.0
        if 0 < wanted < float("inf"):
            step = wanted
        else:
            say(HELP)
