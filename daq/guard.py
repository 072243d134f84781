"""Keeps spoiled points out of a run: looks at each before it is saved, waits, and repeats it.

Theory: a plan is a stream of messages. Since the last point that was saved (or the plan's own checkpoint, or the
beginning of the run) the messages are remembered. Where a condition of the configuration did not hold while a point
was taken, the point is dropped instead of saved, the run waits until all conditions hold again, and what is
remembered is done once more. The same happens where a device failed *because* a condition does not hold, as an
undulator does whose permission is withdrawn. The plan notices nothing, so this works for every plan.

=================  =============================  ============================================================
message            conditions                     what happens
=================  =============================  ============================================================
open_run           broken                         waits, then opens
save               all hold                       saved
save               broken, or no flux after one   dropped, noted, waits, repeated
set, wait, …       device failed, one of its own  noted, waits, repeated
                   conditions is broken
set, wait, …       device failed, for no such     the plan gets the error
                   reason
kickoff            broken                         waits, then begins to fly
collect            all hold                       rows that were stored before that was asked are announced
collect            broken                         the flight is stopped, noted, waits; the gates since the last rows
                                                  that were announced are flown once more
save               broken, cannot be repeated     the plan gets SpoiledPoint (`clear_checkpoint`, `rewindable`)
=================  =============================  ============================================================

Waiting is done by ``sleep`` messages, which let the experiment clock of a simulation run on.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from bluesky.utils import Msg, MsgGenerator, RunEngineControlException

from beam.errors import TerasuError
from beam.run_rules import FluxCheck
from daq.errors import innermost
from daq.note import Note
from daq.suspend import Condition
from devices import Shutter
from devices.signals import DeviceSignal

log = logging.getLogger(__name__)

POLL_S = 1.0
"""Device time between two looks at what is waited for."""
MOST_REPEATS = 20
"""A point that is spoiled as often as this is not a matter of waiting."""
FAILING = frozenset({"set", "trigger", "wait", "read", "kickoff", "complete"})
NOT_REPEATED = frozenset(
    {
        "pause",
        "subscribe",
        "unsubscribe",
        "stage",
        "unstage",
        "monitor",
        "unmonitor",
        "open_run",
        "close_run",
        "checkpoint",
        "clear_checkpoint",
        "rewindable",
        "install_suspender",
        "remove_suspender",
        "register",
        "setting",
    }
)


FLIGHT_S = 0.5
"""Wall time between two looks at a flight that is made again."""
_numbers = itertools.count()


@runtime_checkable
class FliesAgain(Protocol):
    """A flyer that announces only what somebody vouches for, and makes the rest again."""

    @property
    def repeatable(self) -> bool:
        """Whether there is a flight whose gates could be made again."""
        ...

    def get_index(self) -> int:
        """Return how many rows are stored."""
        ...

    def vouch(self, rows: int) -> None:
        """Let so many rows be announced."""
        ...

    def spoil(self) -> None:
        """Stop, and forget the rows that were not announced."""
        ...

    def resume(self) -> None:
        """Make them again."""
        ...


class SpoiledPoint(TerasuError):
    """A point during which a condition of the configuration did not hold, and that could not be repeated."""


class Guard:
    """A preprocessor for the run engine.

    Parameters
    ----------
    conditions
        What has to hold.
    flux
        What is looked at before a repeated point counts.
    shutter
        Closed during suspensions whose rule says so.
    say
        Takes one line for the user.
    """

    def __init__(
        self,
        conditions: Sequence[Condition],
        flux: FluxCheck | None = None,
        shutter: Shutter | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.conditions = tuple(conditions)
        self.flux, self.shutter, self.say = flux, shutter, say
        self.note = Note("suspensions", "suspension", {"waited": "s"})
        self.suspensions = 0
        self.suspended_s = 0.0
        self.repeated = 0

    def __call__(self, plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
        """Return `plan`, guarded."""
        return plan if not self.conditions else _Guarded(self, plan).run()

    def ask(self, moment: float, fences: Collection[str] = ()) -> list[DeviceSignal]:
        """Ask now, at `moment` (monotonic clock), for all that the conditions depend on.

        What came by circuits that are `fences` is known without.
        """
        signals = [
            signal for one in self.conditions for signal in one.signals if not fences or signal.circuit not in fences
        ]
        for signal in signals:
            signal.ask(moment)
        return signals

    def broken(
        self, asked: Iterable[DeviceSignal] | None = None, since: float = math.inf
    ) -> list[tuple[Condition, str]]:
        """Return the conditions that do not hold, each with its sentence.

        Parameters
        ----------
        asked, since
            What `ask` returned and when it was called (monotonic clock); by default all is asked now.
        """
        if asked is None:
            since = time.monotonic()
            asked = self.ask(since)
        for signal in asked:
            signal.fetch_since(since)
        return [(one, why) for one in self.conditions if (why := one.broken()) is not None]


class _Guarded:
    """One plan under way."""

    def __init__(self, guard: Guard, plan: MsgGenerator[Any]) -> None:
        self.guard, self.plan = guard, plan
        self._since: list[Msg] | None = []  # what is done again; None where nothing can be
        self._rewindable = True
        self._groups: dict[Hashable, Hashable] = {}  # groups that were renamed, because their first try failed
        self._open_runs: list[Any] = []
        self._saved = 0
        self._repeats = 0
        self._readings: dict[str, Any] = {}
        self._bundling = False
        self._stream = ""
        self._triggered: set[Any] = set()
        self._asked: list[DeviceSignal] = []
        self._since_asked = math.inf
        self._last_flux: float | None = None

    def run(self) -> MsgGenerator[Any]:
        """Pass the plan's messages on, and the answers back."""
        answer: Any = None
        error: Exception | None = None
        while True:
            try:
                msg = self.plan.send(answer) if error is None else self.plan.throw(error)
            except StopIteration as end:
                return end.value
            error = None
            try:
                answer = yield from self._handle(msg)
            except GeneratorExit:
                self.plan.close()
                raise
            except Exception as raised:
                answer, error = None, raised

    def _handle(self, msg: Msg) -> MsgGenerator[Any]:
        if msg.command == "save" and self._bundling and self._triggered:
            return (yield from self._save(msg))
        if msg.command == "open_run" or (msg.command == "kickoff" and isinstance(msg.obj, FliesAgain)):
            yield from self._wait_before(msg)
        if msg.command == "collect" and isinstance(msg.obj, FliesAgain):
            return (yield from self._collect(msg, msg.obj))
        answer = yield from self._attempt(msg)
        self._remember(msg, answer)
        return answer

    def _remember(self, msg: Msg, answer: Any) -> None:
        match msg.command:
            case "create":
                self._bundling, self._readings = True, {}
                self._stream = str(msg.kwargs.get("name") or "primary")
                if self._triggered:  # the answers come while the detectors are read
                    self._since_asked = time.monotonic()
                    fences = {getattr(one, "fence", "") for one in self._triggered} - {""}
                    self._asked = self.guard.ask(self._since_asked, fences)
            case "trigger":
                self._triggered.add(msg.obj)
            case "read" if self._bundling and answer:
                self._readings.update(answer)
            case "save" | "drop":
                self._bundling = False
                self._begin_anew()
            case "checkpoint":
                self._begin_anew()
            case "clear_checkpoint":
                self._since = None
            case "rewindable":
                self._rewindable = bool(msg.args[0])
            case "open_run":
                self._open_runs.append(msg.run)
                self._saved, self._last_flux = 0, None
                self._begin_anew()
            case "close_run":
                if msg.run in self._open_runs:
                    self._open_runs.remove(msg.run)
            case _:
                pass

    def _begin_anew(self) -> None:
        self._since, self._repeats = [], 0
        self._triggered.clear()

    # -- what may fail -----------------------------------------------------------------------------------------

    def _attempt(self, msg: Msg) -> MsgGenerator[Any]:
        """Do one message; where it fails because a condition is broken, wait and do all since the last point again."""
        if self._since is not None and msg.command not in NOT_REPEATED:
            self._since.append(msg)
        if msg.command not in FAILING:
            return (yield msg)
        try:
            return (yield self._renamed(msg))
        except RunEngineControlException:
            raise
        except Exception as error:
            if not (broken := self._reasons(error)):
                raise
            yield from self._suspend(broken, error)
            return (yield from self._again())

    def _reasons(self, error: Exception) -> list[tuple[Condition, str]]:
        """Return the broken conditions that are about what was moved or triggered: others explain no failure."""
        asked: set[Any] = set()
        for msg in self._since or ():
            if msg.command in ("set", "trigger") and msg.obj is not None:
                asked.add(msg.obj)
                asked.update(getattr(msg.obj, "parts", {}).values())
        try:
            broken = self.guard.broken()
        except TerasuError:
            raise error from None  # nothing answers any more: what failed first says more
        return [(one, why) for one, why in broken if any(signal.parent in asked for signal in one.signals)]

    def _again(self) -> MsgGenerator[Any]:
        """Do what is remembered once more; the answer is that of the last message."""
        while True:
            self._bundling = False
            answer: Any = None
            try:
                for msg in self._fresh():
                    answer = yield msg
                    if msg.command in ("create", "read"):
                        self._remember(msg, answer)
                return answer
            except RunEngineControlException:
                raise
            except Exception as error:
                if not (broken := self._reasons(error)):
                    raise
                yield from self._suspend(broken, error)

    def _fresh(self) -> list[Msg]:
        """Return what is remembered, with groups of new names: a group that failed stays failed."""
        assert self._since is not None
        for msg in self._since:
            if msg.command in ("set", "trigger", "kickoff", "complete"):
                self._groups[msg.kwargs.get("group")] = ("again", self._repeats, msg.kwargs.get("group"))
        return [self._renamed(msg) for msg in self._since]

    def _renamed(self, msg: Msg) -> Msg:
        group = msg.kwargs.get("group")
        if group is None or group not in self._groups:
            return msg
        renamed = msg._replace(kwargs={**msg.kwargs, "group": self._groups[group]})
        return renamed

    # -- points ------------------------------------------------------------------------------------------------

    def _save(self, msg: Msg) -> MsgGenerator[Any]:
        while True:
            reason = self._spoiled()
            if not reason:
                break
            broken, why = reason
            yield Msg("drop", run=msg.run)
            self._bundling = False
            yield from self._suspend(broken, why)
            yield from self._again()
        self._saved += self._stream == "primary"
        if (flux := self._flux()) is not None:
            self._last_flux = flux
        answer = yield msg
        self._bundling = False
        self._begin_anew()
        return answer

    def _spoiled(self) -> tuple[list[tuple[Condition, str]], str] | None:
        if broken := self.guard.broken(self._asked, self._since_asked):
            return broken, "; ".join(why for _, why in broken)
        check, flux = self.guard.flux, self._flux()
        if self._repeats and check and flux is not None and self._last_flux is not None:
            rel = flux / self._last_flux if self._last_flux else 1.0
            if rel < check.minimum_rel:
                return [], f"no flux: {check.signal} is {100 * rel:.0f} % of what it was"
        return None

    def _flux(self) -> float | None:
        check = self.guard.flux
        if check is None or check.signal not in self._readings:
            return None
        value = float(self._readings[check.signal]["value"])
        if not check.per:
            return value
        per = self._readings.get(check.per)
        return value / float(per["value"]) if per and per["value"] else None

    # -- flights -----------------------------------------------------------------------------------------------

    def _collect(self, msg: Msg, flyer: FliesAgain) -> MsgGenerator[Any]:
        """Announce rows that are good; stop a flight that is not, and let it be made good."""
        if not flyer.repeatable:
            with contextlib.suppress(TerasuError):  # what ended the flight says more
                self._spoils(flyer)
            return (yield msg)
        if (because := self._spoils(flyer)) is None:
            return (yield msg)
        done = False
        while not done:
            if because is not None:
                flyer.spoil()
                yield from self._suspend(*because)
                flyer.resume()
            yield Msg("checkpoint")
            answer = yield msg
            group = ("guard-flight", self._repeats, next(_numbers))
            yield Msg("complete", flyer, group=group)
            done = yield Msg("wait", None, group=group, timeout=FLIGHT_S, error_on_timeout=False)
            because = self._spoils(flyer)
            done = done and because is None
        answer = yield msg
        self._begin_anew()
        return answer

    def _spoils(self, flyer: FliesAgain) -> tuple[list[tuple[Condition, str]], str] | None:
        """Vouch for the rows that are stored, unless a condition does not hold, or did not since it was asked last."""
        rows = flyer.get_index()
        if broken := self.guard.broken():
            return broken, "; ".join(why for _, why in broken)
        flyer.vouch(rows)
        return None

    # -- suspensions -------------------------------------------------------------------------------------------

    def _wait_before(self, msg: Msg) -> MsgGenerator[None]:
        if broken := self.guard.broken():
            reason, _ = yield from self._until_good(broken, None)
            log.info("waited before the run: %s", reason)

    def _suspend(self, broken: list[tuple[Condition, str]], what: Exception | str) -> MsgGenerator[None]:
        """Wait until all is well, and note it in the run."""
        because = "; ".join(why for _, why in broken) or str(what)
        self._repeats += 1
        self.guard.repeated += 1
        cause = innermost(what) if isinstance(what, Exception) else None
        if self._since is None or not self._rewindable:
            raise SpoiledPoint(f"a point was spoiled and this plan does not allow to repeat it: {because}") from cause
        if self._repeats > MOST_REPEATS:
            raise SpoiledPoint(f"the same point was spoiled {MOST_REPEATS} times, at last: {because}") from cause
        if self._bundling:
            yield Msg("drop", run=self._open_runs[-1] if self._open_runs else None)
            self._bundling = False
        reason, waited = yield from self._until_good(broken, because)
        if self._open_runs:
            run = self._open_runs[-1]
            yield from self.guard.note.say(run, reason=reason, point=self._saved + 1, waited=waited)
            yield Msg("checkpoint")  # a pause later on must not note it twice

    def _until_good(self, broken: list[tuple[Condition, str]], because: str | None) -> MsgGenerator[tuple[str, float]]:
        guard, waited = self.guard, 0.0
        reason = because or "; ".join(why for _, why in broken)
        guard.say(f"suspended: {reason}")
        log.warning("suspended: %s", reason)
        guard.suspensions += 1
        involved = [one for one, _ in broken]
        reopen = False
        shutter = guard.shutter
        if shutter and shutter.wanted == "open" and any(one.rule.close_shutter for one in involved):
            reopen = True
            yield from _set(shutter, "close")
        while True:
            for one in involved:
                yield from one.restore()
            still = guard.broken()
            if not still:
                settle = max((one.rule.settle_s for one in involved), default=POLL_S)
                if settle:
                    yield Msg("sleep", None, settle)
                    waited += settle
                still = guard.broken()
            if not still:
                break
            involved += [one for one, _ in still if one not in involved]
            give_up = min(one.rule.give_up_s for one, _ in still)
            if waited >= give_up:
                raise SpoiledPoint(f"suspended for {waited:g} s, and still {'; '.join(why for _, why in still)}")
            yield Msg("sleep", None, POLL_S)
            waited += POLL_S
        if reopen and shutter:
            yield from _set(shutter, "open")
        guard.suspended_s += waited
        guard.say(f"goes on after {waited:g} s")
        log.warning("goes on after %g s", waited)
        return reason, waited


def _set(device: Any, value: Any) -> MsgGenerator[None]:
    group = f"guard-{device.name}"
    yield Msg("set", device, value, group=group)
    yield Msg("wait", None, group=group)
