"""The storage ring as a source of electrons: its current is a pure function of seed, time and events.

Between injections the current decays as exp(-t/τ). In top-up, shots come at equal intervals -τ ln(1 - band), so
that the current stays within the band; the phase of the first shot and a tiny scatter of the level after each are
drawn from the seed. Events change the course: a *dump* loses the beam until a *refill*, which fills linearly;
*topup_off* lets the beam decay, *topup_on* fills it up and tops up from there on; an *inject* is a shot out of turn,
from which top-up counts its intervals anew (without beam, or while it is filled, there is nothing to top up).
"""

from __future__ import annotations

import bisect
import functools
import math
from collections.abc import Iterable
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from beam import facts
from beam.errors import BadEvents
from beam.noise import Stream

Mode: TypeAlias = Literal["TopUp", "Decay", "Dumped", "Refilling"]
EventKind: TypeAlias = Literal["dump", "refill", "topup_off", "topup_on", "inject"]
RING_MODES: tuple[Mode, ...] = get_args(Mode)
LEVEL_SCATTER_REL = 2e-5  # rms scatter of the current right after a shot; a simulation default


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RingEvent:
    """Something that the ring's operators (or its faults) do, at a time of the experiment's clock."""

    time_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    kind: EventKind


_EVENTS = TypeAdapter(list[RingEvent])


def events_to_json(events: Iterable[RingEvent]) -> str:
    """Return the events as a JSON list."""
    return _EVENTS.dump_json(list(events)).decode()


def events_from_json(text: str) -> tuple[RingEvent, ...]:
    """Read events from a JSON list such as ``[{"time_s": 60, "kind": "dump"}]``.

    Raises
    ------
    BadEvents
        If the text is no such list; the message says where.
    """
    try:
        return tuple(_EVENTS.validate_json(text or "[]"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise BadEvents(f"ring events: {place}: {first['msg']}") from error


class _Stretch(NamedTuple):
    """A time in which the ring stays in one mode; current_ma at its start, which may be a shot."""

    start_s: float
    mode: Mode
    current_ma: float
    shot: bool = False


class RingModel:
    """The current of the ring at any time.

    Parameters
    ----------
    ring
        Facts of the ring.
    seed
        Seed of the top-up's phase and scatter.
    events
        What happens to the beam, in any order; initially the ring is in top-up.
    """

    def __init__(self, ring: facts.Ring, seed: int, events: Iterable[RingEvent] = ()) -> None:
        self.facts = ring
        self.seed = seed
        self.events = tuple(sorted(events, key=lambda event: event.time_s))
        self._full = ring.current_ma
        self._tau = ring.lifetime_h * 3600.0
        self._interval = -self._tau * math.log1p(-ring.topup_band_rel)
        self._phase = float(Stream(seed, "ring.phase").at(0).random()) * self._interval
        self._scatter = Stream(seed, "ring.level")
        self._level = functools.lru_cache(maxsize=4096)(self._draw_level)
        self._stretches = self._unfold()
        self._starts = [stretch.start_s for stretch in self._stretches]

    def current_ma(self, t: float) -> float:
        """Return the current in mA at time `t` in seconds."""
        return self._current(self._stretches[self._index(t)], t)

    def mean_current_ma(self, t0: float, t1: float) -> float:
        """Return the mean current in mA from `t0` to `t1` (analytic, no sampling)."""
        if t1 <= t0:
            return self.current_ma(t0)
        first, last = self._index(t0), self._index(t1)
        if first == last:
            return self._integral(self._stretches[first], t0, t1) / (t1 - t0)
        bounds = [t0, *self._starts[first + 1 : last + 1], t1]
        total = sum(
            self._integral(self._stretches[first + n], bounds[n], bounds[n + 1]) for n in range(len(bounds) - 1)
        )
        return total / (t1 - t0)

    def mode(self, t: float) -> Mode:
        """Return what the ring does at time `t`: one of RING_MODES."""
        return self._stretches[self._index(t)].mode

    def topup_gate(self, t: float) -> bool:
        """Return True where light is undisturbed, False shortly before and after an injection."""
        stretch = self._stretches[self._index(t)]
        if stretch.mode == "Refilling":
            return False
        if self.next_injection_s(t) <= self.facts.topup_gate_before_s:
            return False
        if stretch.mode != "TopUp":
            return not stretch.shot or t - stretch.start_s >= self.facts.topup_gate_after_s
        shot = self._shot(stretch, t)
        return shot < 0 or t - self._shot_time(stretch, shot) >= self.facts.topup_gate_after_s

    def next_injection_s(self, t: float) -> float:
        """Return the seconds from `t` to the next injection; infinity where none is due."""
        stretch = self._stretches[self._index(t)]
        if stretch.mode == "Refilling":
            return 0.0
        if stretch.mode != "TopUp":
            return math.inf
        # what is due: an event that comes before it is not known in advance
        return self._shot_time(stretch, self._shot(stretch, t) + 1) - t

    def _index(self, t: float) -> int:
        return max(bisect.bisect_right(self._starts, t) - 1, 0)

    def _unfold(self) -> list[_Stretch]:
        """Turn the events into stretches of one mode each."""
        # top-up looks back to a shot before time zero
        stretches = [_Stretch(self._phase - self._interval, "TopUp", self._full)]
        topup = True
        full_at = math.inf
        for event in (*self.events, None):
            until = event.time_s if event else math.inf
            if full_at <= until and math.isfinite(full_at):
                stretches.append(_Stretch(full_at, "TopUp" if topup else "Decay", self._full))
                full_at = math.inf
            if event is None:
                break
            last = stretches[-1]
            now = self._current(last, until)
            if event.kind == "dump":
                full_at = math.inf
                stretches.append(_Stretch(until, "Dumped", 0.0))
                continue
            if event.kind == "inject":
                if last.mode in ("TopUp", "Decay"):
                    stretches.append(_Stretch(until, last.mode, self._full, shot=True))
                continue
            if event.kind == "topup_off":
                topup = False
                if last.mode == "TopUp":
                    stretches.append(_Stretch(until, "Decay", now))
                continue
            if event.kind == "topup_on":
                topup = True
            fills = last.mode == "Decay" or (last.mode == "Dumped" and event.kind == "refill")
            if fills:
                stretches.append(_Stretch(until, "Refilling", now))
                full_at = until + (self._full - now) / self.facts.refill_rate_ma_per_s
        return stretches

    def _shot(self, stretch: _Stretch, t: float) -> int:
        return math.floor((t - stretch.start_s) / self._interval)

    def _shot_time(self, stretch: _Stretch, shot: int) -> float:
        return stretch.start_s + shot * self._interval

    def _draw_level(self, start_s: float, shot: int) -> float:
        index = round(start_s * 1000) * 1_000_003 + shot
        return self._full * (1.0 + LEVEL_SCATTER_REL * self._scatter.at(index).standard_normal())

    def _current(self, stretch: _Stretch, t: float) -> float:
        if stretch.mode == "Dumped":
            return 0.0
        if stretch.mode == "Refilling":
            return min(stretch.current_ma + (t - stretch.start_s) * self.facts.refill_rate_ma_per_s, self._full)
        start, current = stretch.start_s, stretch.current_ma
        if stretch.mode == "TopUp":
            shot = self._shot(stretch, t)
            start, current = self._shot_time(stretch, shot), self._level(stretch.start_s, shot)
        return current * math.exp((start - t) / self._tau)

    def _integral(self, stretch: _Stretch, t0: float, t1: float) -> float:
        """Integrate the current over [t0, t1], which lies within one stretch; in mA s."""
        if stretch.mode == "Dumped":
            return 0.0
        if stretch.mode == "Refilling":
            return 0.5 * (self._current(stretch, t0) + self._current(stretch, t1)) * (t1 - t0)
        if stretch.mode == "Decay":
            return -self._tau * self._current(stretch, t0) * math.expm1((t0 - t1) / self._tau)
        first, last = self._shot(stretch, t0), self._shot(stretch, t1)
        if first == last:
            return -self._tau * self._current(stretch, t0) * math.expm1((t0 - t1) / self._tau)
        total = 0.0
        for shot in range(first, last + 1):
            start = max(self._shot_time(stretch, shot), t0)
            end = min(self._shot_time(stretch, shot + 1), t1)
            if end > start:
                at_start = self._level(stretch.start_s, shot) * math.exp(
                    (self._shot_time(stretch, shot) - start) / self._tau
                )
                total -= self._tau * at_start * math.expm1((start - end) / self._tau)
        return total
