"""What all plans that fly have in common: passes one after the other, rows announced while they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from bluesky import preprocessors
from bluesky.utils import Msg, MsgGenerator

from devices import Flight, Flyer, Shutter
from plans.beam_on import closed_at_the_end, open_shutters
from plans.paths import BadPath

_untyped: Any = preprocessors
_groups = count()

MOST_PASSES = 10_000
FLUSH_S = 0.5
"""Wall time between two announcements of rows."""


def name_of(device: Any) -> str:
    """Return the name of a device: ophyd has no types."""
    return str(device.name)


def check_flights(flyer: Flyer, flights: Iterable[Flight]) -> None:
    """Refuse what cannot be flown, before anything moves."""
    for flight in flights:
        flyer.check_flight(flight)


def check_passes(passes: int) -> None:
    """Refuse a number of passes that nobody can mean."""
    if not 1 <= passes <= MOST_PASSES:
        raise BadPath(f"passes {passes}: 1 … {MOST_PASSES} are allowed")


def passes_of(flight: Flight, passes: int, *, bidirectional: bool) -> list[Flight]:
    """Return a flight and its repetitions, every second one backwards if `bidirectional`."""
    forth = [replace(flight, number=number) for number in range(1, passes + 1)]
    if not bidirectional:
        return forth
    back = tuple(one.reversed() for one in reversed(flight.stretches))
    return [replace(one, stretches=back) if n % 2 else one for n, one in enumerate(forth)]


def fly(
    flyer: Flyer,
    flights: Sequence[Flight],
    stream: str = "primary",
    before_each: Callable[[int], MsgGenerator[None]] | None = None,
) -> MsgGenerator[None]:
    """Fly in an open run; where it ends early, the rows that were made are announced all the same.

    Each pass may be paused: it goes on with the gate that comes next. Detectors that the flights name are armed before.
    `before_each` makes a plan of what to do when the flyer knows a flight, given its index, before it begins.
    """
    detectors = flights[0].detectors if flights else ()

    def passes() -> MsgGenerator[None]:
        for number, flight in enumerate(flights):
            group = f"fly-{next(_groups)}"
            yield Msg("checkpoint")
            for one in (flyer, *detectors):
                yield Msg("prepare", one, flight, group=f"{group}-prepare")
            yield Msg("wait", None, group=f"{group}-prepare")
            if not number:
                yield Msg("declare_stream", None, flyer, *detectors, name=stream, collect=True)
            if before_each is not None:
                yield from before_each(number)
            for one in detectors:
                yield Msg("kickoff", one, group=f"{group}-armed")
            if detectors:
                yield Msg("wait", None, group=f"{group}-armed")
            yield Msg("kickoff", flyer, group=f"{group}-kickoff")
            yield Msg("wait", None, group=f"{group}-kickoff")
            for one in (flyer, *detectors):
                yield Msg("complete", one, group=group)
            done = False
            while not done:
                # what is done again after a pause is the wait: the flyer itself knows what is left of the flight
                yield Msg("checkpoint")
                done = yield Msg("wait", None, group=group, timeout=FLUSH_S, error_on_timeout=False)
                yield Msg("collect", flyer, *detectors, name=stream, return_payload=False)
                if done and flyer.flying:  # a pause in the middle of a wait takes its group away
                    group, done = f"fly-{next(_groups)}", False
                    yield Msg("complete", flyer, group=group)

    def what_there_is(_: Exception) -> MsgGenerator[None]:
        # not by a message: what it fails would fail the run once more, in the words of the stop
        flyer.stop(success=True)
        if flyer.announces:
            yield Msg("collect", flyer, *detectors, name=stream, return_payload=False)

    guarded: MsgGenerator[None] = _untyped.contingency_wrapper(passes(), except_plan=what_there_is)
    yield from guarded


def fly_run(
    flyer: Flyer,
    flights: Sequence[Flight],
    shutter: Shutter,
    front_end: Shutter,
    *,
    md: Mapping[str, Any],
    staged: Sequence[Any] = (),
    before: Callable[[], MsgGenerator[None]] | None = None,
    before_each: Callable[[int], MsgGenerator[None]] | None = None,
    after: Callable[[], MsgGenerator[Any]] | None = None,
) -> MsgGenerator[str]:
    """Fly `flights` as one run, with light only while it is needed.

    Parameters
    ----------
    flyer, flights
        Already checked.
    shutter, front_end
        Opened before the first flight; the shutter is closed at the end, whatever happened.
    md
        Metadata of the run.
    staged
        More devices to stage.
    before, after
        Make plans of what to do before the shutter opens, and at the end, whatever happened.
    before_each
        As of `fly`.
    """
    detectors = flights[0].detectors
    metadata: dict[str, Any] = {
        "detectors": [name_of(one) for one in (flyer, *detectors)],
        "num_points": sum(one.gates for one in flights),
        "passes": len(flights),
        **md,
    }

    def body() -> MsgGenerator[None]:
        yield Msg("checkpoint")
        if before is not None:
            yield from before()
        yield from open_shutters(shutter, front_end)
        yield from fly(flyer, flights, before_each=before_each)

    safe = closed_at_the_end(body(), shutter, after)
    run: MsgGenerator[str] = _untyped.stage_wrapper(
        _untyped.run_wrapper(safe, md=metadata), [flyer, *detectors, *staged]
    )
    return (yield from run)
