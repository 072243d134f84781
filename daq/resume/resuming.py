"""The plan that goes on: that of the interrupted run, less what was done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from bluesky.utils import Msg, ensure_generator

from beam.errors import TerasuError
from beamlines import DeviceTree
from daq.check_plan import MadePlan
from daq.continues import CONTINUES
from daq.recorded_call import restore
from daq.resume.interrupted import Interrupted, interrupted
from daq.resume.rest import LEFT_OUT, Rest, find_rest
from plans.lean import move


class AnotherWay(TerasuError):
    """A plan that does not do what it did when it was looked through."""


def resuming(uid: str, tree: DeviceTree, journals: Path, *, simulated: bool) -> MadePlan:
    """Return the plan that goes on with an interrupted run; an engine checks it before its first message.

    Parameters
    ----------
    uid
        Of the run, any unambiguous beginning of it, or ``last``.
    tree
        The station's devices.
    journals
        The directory of the journals.
    simulated
        Whether the station is.

    Raises
    ------
    UnknownName
        There is no such run.
    NotResumable
        It cannot be gone on with; says why.
    """
    before = interrupted(journals, uid, tree.name, simulated=simulated)
    plan, args, kwargs = restore(before.start["call"], tree)
    # this run records what made the first, so that it can be resumed in its turn
    return MadePlan(_go_on, (plan, args, kwargs, before), {}, made_of=(plan, tuple(args), kwargs))


def _go_on(
    plan: Callable[..., Any], args: list[Any], kwargs: Mapping[str, Any], before: Interrupted
) -> Generator[Any, Any, Any]:
    """Find what is left to do, and do it."""
    rest = find_rest(plan, args, dict(kwargs), before)
    return (yield from go_on(ensure_generator(plan(*args, **kwargs)), rest, before))


def go_on(plan: Generator[Any, Any, Any], rest: Rest, before: Interrupted) -> Generator[Any, Any, Any]:
    """Do a plan but for what `rest` leaves out."""
    answer: Any = None
    error: Exception | None = None
    number, bundling, failed = -1, False, False
    while True:
        try:
            msg = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as end:
            return end.value
        number += 1
        try:
            failed |= error is not None  # what comes then cleans up, and is all done
            error = None
            if number <= rest.last and not failed and msg.command != rest.commands[number]:
                raise AnotherWay(
                    f"run {before.uid[:8]}: message {number + 1} of its plan was {rest.commands[number]} when it was "
                    f"looked through, and is {msg.command}"
                )
            inside = rest.first <= number <= rest.last and not failed
            # what a plan reads outside of a point it needs itself: where an axis was, to bring it back there
            if inside and msg.command in LEFT_OUT and (msg.command != "read" or bundling):
                answer = None
            else:
                answer = yield _linked(msg, before)
            if msg.command in ("create", "save", "drop"):
                bundling = msg.command == "create"
            if number == rest.last and not failed:
                for device, value in rest.moves:
                    yield from move(device, value)
        except GeneratorExit:
            plan.close()
            raise
        except Exception as raised:
            answer, error = None, raised


def _linked(msg: Msg, before: Interrupted) -> Msg:
    """Let the run say which one it continues, and expect the points that are left."""
    if msg.command != "open_run":
        return msg
    told = {**msg.kwargs, CONTINUES: before.link}
    if isinstance(told.get("num_points"), int):
        told["num_points"] -= len(before.points)
    return msg._replace(kwargs=told)
