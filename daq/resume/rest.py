"""What of a plan is left to do when its first points are there already.

A plan is a row of messages. Those from the beginning of its first point to the end of the last point that was taken
are left out: what they would have moved is moved once, to where it would be by then.

========================================  =====================================================================
a plan that                               is
========================================  =====================================================================
decides by what it measures               refused: nobody knows what its first points would have led to
opens several runs, or none               refused
flies (kickoff, collect)                  refused: it has no points between which it could go on
would have been elsewhere at these        refused, with axis and positions: it is relative to where things were,
points                                    or something else is set differently now
anything else                             gone on with
========================================  =====================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from bluesky.utils import Msg, ensure_generator

from daq.check_plan import MadePlan
from daq.resume.errors import NotResumable
from daq.resume.interrupted import Interrupted
from daq.walk import Walk

LEFT_OUT = frozenset({"set", "trigger", "wait", "create", "save", "drop", "sleep", "checkpoint", "read"})
FLIES = frozenset({"kickoff", "complete", "collect", "prepare"})
CLOSE = 1e-6


@dataclass(frozen=True)
class Rest:
    """Which messages are left out.

    Attributes
    ----------
    first, last
        Their numbers, counted from 0, both included.
    commands
        Those of the messages up to the last: what the plan says when it runs is held against them.
    moves
        Where devices are brought instead, in the order in which they had come there.
    """

    first: int
    last: int
    commands: tuple[str, ...]
    moves: tuple[tuple[Any, Any], ...]


def find_rest(plan: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], before: Interrupted) -> Rest:
    """Return what is left to do.

    Raises
    ------
    NotResumable
        The plan cannot be gone on with; says why.
    Refused
        It is refused by itself: a limit, an interlock, what does not answer.
    """
    messages: list[Msg] = []
    made = plan(*args, **kwargs)
    made = made.plan if isinstance(made, MadePlan) else made
    seen = Walk().through(_noted(ensure_generator(made), messages))
    name = f"run {before.uid[:8]}"
    commands = [one.command for one in messages]
    if flown := FLIES.intersection(commands):
        raise NotResumable(f"{name} flies ({', '.join(sorted(flown))}): it has no point to go on from")
    if not seen.whole:
        raise NotResumable(f"{name}: {seen.why}: it cannot be gone on with")
    if seen.runs != 1:
        raise NotResumable(f"{name}: its plan makes {seen.runs} runs; only one that makes one run can be gone on with")
    saves = _saves(messages)
    taken = len(before.points)
    if taken >= len(saves):
        raise NotResumable(f"{name} has all of its {len(saves)} points; what failed came after them")
    first = _beginning(messages, saves[0])
    last = saves[taken - 1]
    _check_places(name, messages, saves, before)
    moves = _moves(messages[first : last + 1], _sets_before_reading(messages[last + 1 :]))
    return Rest(first, last, tuple(commands[: last + 1]), moves)


def _noted(plan: Generator[Any, Any, Any], messages: list[Msg]) -> Generator[Any, Any, Any]:
    """Note the messages of a plan."""
    answer: Any = None
    try:
        while True:
            try:
                msg = plan.send(answer)
            except StopIteration as end:
                return end.value
            messages.append(msg)
            answer = yield msg
    finally:
        plan.close()


def _saves(messages: list[Msg]) -> list[int]:
    """Return the numbers of the messages that complete a point."""
    found: list[int] = []
    stream = ""
    for number, msg in enumerate(messages):
        if msg.command == "create":
            stream = str(msg.kwargs.get("name") or "primary")
        elif msg.command == "save" and stream == "primary":
            found.append(number)
    return found


def _beginning(messages: list[Msg], save: int) -> int:
    """Return where the first point begins: at the last checkpoint before it, or behind the opening of the run."""
    for number in range(save, -1, -1):
        if messages[number].command == "checkpoint":
            return number
        if messages[number].command == "open_run":
            return number + 1
    raise NotResumable("its points are taken before its run is opened")


def _check_places(name: str, messages: list[Msg], saves: list[int], before: Interrupted) -> None:
    """Refuse a plan whose first points would now be elsewhere."""
    motors = set(before.start.get("motors") or ())
    at: dict[Any, Any] = {}
    point = 0
    for number, msg in enumerate(messages[: saves[len(before.points) - 1] + 1]):
        if msg.command == "set" and getattr(msg.obj, "name", None) in motors:
            at[msg.obj] = msg.args[0]
        if number != saves[point]:
            continue
        for axis, asked in at.items():
            was = before.points[point].get(f"{axis.name}_setpoint", before.points[point].get(axis.name))
            if not _same(axis, was, asked):
                unit = str(getattr(axis, "unit", "") or "")
                there, now = f"{_short(was)} {unit}".rstrip(), f"{_short(asked)} {unit}".rstrip()
                raise NotResumable(
                    f"{name}: its point {point + 1} was at {axis.name} {there}, and would be at {now} now: its plan is "
                    "relative to where things are, or was changed; bring them where they were, or run the plan anew"
                )
        point += 1


def _same(axis: Any, was: Any, asked: Any) -> bool:
    if was is None or not all(isinstance(one, int | float) for one in (was, asked)):
        return was is None or was == asked
    facts = getattr(axis, "facts", None)
    within = getattr(facts, "tolerance", None) or getattr(facts, "tolerance_ev", None) or 0.0
    return math.isclose(was, asked, rel_tol=CLOSE, abs_tol=max(float(within), CLOSE))


def _sets_before_reading(messages: list[Msg]) -> set[Any]:
    """Return what the next point sets itself, before it looks at anything."""
    found: set[Any] = set()
    for msg in messages:
        if msg.command in ("trigger", "create", "close_run"):
            break
        if msg.command == "set":
            found.add(msg.obj)
    return found


def _moves(messages: list[Msg], set_again: set[Any]) -> tuple[tuple[Any, Any], ...]:
    last: dict[Any, Any] = {}
    for msg in messages:
        if msg.command == "set":
            last.pop(msg.obj, None)  # in the order of the last moves
            last[msg.obj] = msg.args[0]
    return tuple((device, value) for device, value in last.items() if device not in set_again)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
