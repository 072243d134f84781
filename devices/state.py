"""The states of a device, those of `tango.DevState`, and how they follow from what the device reports.

Theory: a device states the most serious thing it knows. What it knows are facts (connected, severity, moving, at a
limit, permitted, …); each fact implies a state; the first row of the table whose fact holds gives the state and the
sentence. A device with parts states the worst state of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from devices.errors import NotAllowed


class State(Enum):
    """The fourteen states of Tango, by name."""

    ON = "ON"
    OFF = "OFF"
    CLOSE = "CLOSE"
    OPEN = "OPEN"
    INSERT = "INSERT"
    EXTRACT = "EXTRACT"
    MOVING = "MOVING"
    STANDBY = "STANDBY"
    FAULT = "FAULT"
    INIT = "INIT"
    RUNNING = "RUNNING"
    ALARM = "ALARM"
    DISABLE = "DISABLE"
    UNKNOWN = "UNKNOWN"


WORST_FIRST = (
    State.FAULT,
    State.UNKNOWN,
    State.ALARM,
    State.DISABLE,
    State.INIT,
    State.MOVING,
    State.RUNNING,
    State.OFF,
    State.CLOSE,
    State.INSERT,
    State.STANDBY,
    State.EXTRACT,
    State.OPEN,
    State.ON,
)
AT_REST = frozenset(
    {
        State.ON,
        State.STANDBY,
        State.ALARM,
        State.OPEN,
        State.CLOSE,
        State.INSERT,
        State.EXTRACT,
        State.OFF,
    }
)
COMMANDS: Mapping[str, frozenset[State]] = {
    # ALARM is allowed: the way off a limit switch, or down from an overload, begins there
    "Move": AT_REST | {State.MOVING},
    "Trigger": AT_REST,
    "Stop": frozenset(State) - {State.UNKNOWN},
    "Abort": frozenset(State),
    "Init": frozenset(State) - {State.MOVING, State.RUNNING},
}
"""In which states a command may be given. What each means, for every device:

=======  ====================================================================================================
Move     go somewhere; refused where the position is not known (FAULT), or nothing answers (UNKNOWN)
Trigger  take one reading
Stop     end what is under way, in order; whoever waits for it is told that it was stopped
Abort    the same for the device and all its parts, whatever their state; what cannot be reached is left out
Init     forget what was under way and failed, and ask the server for everything anew
=======  ====================================================================================================
"""
SEVERITIES = {1: None, 2: State.ALARM, 3: State.FAULT}  # minor is worth a look, not a state


class Stated(NamedTuple):
    """A state and the sentence that says why."""

    state: State
    text: str


class Fact(NamedTuple):
    """If `holds`, the device is in `state` because of `text`."""

    holds: bool
    state: State
    text: str


def first_that_holds(facts: Iterable[Fact], otherwise: Stated) -> Stated:
    """Return the state of the first fact that holds: a device lists its facts from the most serious down."""
    for fact in facts:
        if fact.holds:
            return Stated(fact.state, fact.text)
    return otherwise


def alarm(severity: int, name: str) -> Fact:
    """Return what an alarm severity implies."""
    state = SEVERITIES.get(severity)
    words = {2: "in major alarm", 3: "invalid"}.get(severity, "")
    return Fact(state is not None, state or State.ON, f"{name} is {words}")


def allowed(device: str, command: str, stated: Stated) -> None:
    """Raise NotAllowed where a command may not be given in a state."""
    if stated.state not in COMMANDS[command]:
        raise NotAllowed(f"{device}: {command} is not allowed in state {stated.state.value}: {stated.text}")


def worst(parts: Iterable[tuple[str, Stated]]) -> Stated:
    """Return the worst of the states of parts, with the part's name in the sentence."""
    named = list(parts)
    if not named:
        return Stated(State.UNKNOWN, "has no parts")
    name, stated = min(named, key=lambda part: WORST_FIRST.index(part[1].state))
    return Stated(stated.state, f"{name}: {stated.text}")
