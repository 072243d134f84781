"""The commands, as lines and as functions: `wa`, `mv energy 7112`, ``save_position("sample A")``.

A plan's name as a function makes the plan, for ``RE(…)``; as a line it runs it. All other commands do what they do
either way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beam.errors import TerasuError, UnknownName
from daq import paths, plan_call
from daq.errors import UsageError
from daq.export.placing import check_proposal
from daq.resume import resuming
from daq.shell import where, words
from daq.shell.activity import Moved, rest_position
from daq.shell.desk import Desk
from daq.shell.report import in_words
from daq.shell.tweak import tweak

MOVES = frozenset({"mv", "mvr"})
TEXT_FIRST = frozenset({"save_position", "goto", "resume", "proposal", "sample"})
BARE = frozenset(
    {"wa", "wm", "ct", "undo", "lastscan", "cen", "com", "peak", "positions", "save_position", "goto", "resume"}
    | {"proposal", "sample"}
)
"""What a name alone does; the other names alone are Python's."""


class NothingToUndo(TerasuError):
    """There was no move yet in this session, or it was undone."""


class Commands:
    """The commands on one desk.

    Parameters
    ----------
    desk
        The session.
    variables
        The user's own, which lines may use; filled in by the shell.
    """

    def __init__(self, desk: Desk, variables: Mapping[str, Any] | None = None) -> None:
        self.desk = desk
        self.variables: Mapping[str, Any] = {} if variables is None else variables
        own = (
            "wa",
            "wm",
            "umv",
            "tweak",
            "undo",
            "save_position",
            "goto",
            "positions",
            "note",
            "lastscan",
            "plot",
            "resume",
            "proposal",
            "sample",
        )
        self.functions: dict[str, Callable[..., None]] = {name: getattr(self, name) for name in own}
        self.functions |= {name: self._peak_command(name) for name in ("cen", "com", "peak")}
        self.plans: dict[str, Callable[..., Any]] = {
            name: plan_call.with_roles(one, desk.tree)
            for name, one in plan_call.known_plans().items()
            if name not in self.functions  # Bluesky has a `tweak` for notebooks
        }

    # -- lines -------------------------------------------------------------------------------------------------

    def is_command(self, name: str, alone: bool) -> bool:
        """Return whether a line that begins with `name`, or is that name alone, is a command."""
        if name == "energy":
            return name in self.desk.tree.roles
        return (name in self.functions or name in self.plans) and (not alone or name in BARE)

    def line(self, text: str) -> None:
        """Do what a line says."""
        name, _, rest = text.strip().partition(" ")
        if name == "note":
            text = rest.strip()
            return self.note(text if (inside := words.quoted(text)) is None else inside)
        args, kwargs = self._arguments(name, rest)
        if name == "energy":
            axis = self.desk.tree.roles["energy"]
            if not args:
                return self.wm(axis)
            return self.desk.run(self.plans["mv"](axis, *args, **kwargs), command=text)
        if name in MOVES:
            _in_pairs(name, args)
        if name in self.plans:
            return self.desk.run(self.plans[name](*args, **kwargs), command=text)
        function = self.functions[name]
        try:
            inspect.signature(function).bind(*args, **kwargs)
        except TypeError as error:
            usage = " ".join(str(one) for one in inspect.signature(function).parameters)
            raise UsageError(f"{name}: {error}; its arguments: {usage or 'none'}") from error
        return function(*args, **kwargs)

    def _arguments(self, name: str, rest: str) -> tuple[list[Any], dict[str, Any]]:
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for word in words.split(rest):
            key, equals, one = word.partition("=")
            if equals and key.isidentifier():
                kwargs[key] = words.value(one, self.desk.tree, self.variables)
            elif name in TEXT_FIRST and not args:
                args.append(word if (inside := words.quoted(word)) is None else inside)
            else:
                args.append(words.value(word, self.desk.tree, self.variables))
        return args, kwargs

    # -- where things are --------------------------------------------------------------------------------------

    def wa(self) -> None:
        """Where all: each axis with its position and limits, and the state of everything else."""
        self._show(where.all_lines(self.desk.tree))

    def wm(self, *devices: Any) -> None:
        """Where motors: all about the devices named; the energy where none is."""
        found = [words.device(one, self.desk.tree) for one in devices]
        if not found and "energy" in self.desk.tree.roles:
            found = [self.desk.tree.roles["energy"]]
        if not found:
            raise UsageError("wm: which devices? wm NAME …")
        self._show(where.lines_of(found))

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self.desk.say(line)

    # -- moves -------------------------------------------------------------------------------------------------

    def umv(self, *words_: Any) -> None:
        """Move, and say where everything ended; ``umv energy 7112``."""
        _in_pairs("umv", words_)
        self.desk.run(self.plans["mv"](*words_), command="umv")
        for one in words_[::2]:
            if where.is_axis(one):
                self.desk.say(f"{one.name} {where.position(one)} {one.unit}".rstrip())

    def tweak(self, axis: Any, step: float = 1.0) -> None:
        """Move an axis by steps, up and down."""
        axis = self._axis(axis)
        before = rest_position(axis)
        tweak(
            axis,
            step,
            lambda by: self.desk.run(self.plans["mvr"](axis, by), command=f"tweak {axis.name} {by:g}"),
            self.desk.say,
            self.desk.ask,
        )
        if before is not None and rest_position(axis) != before:
            self.desk.activity.last_move = Moved(before={axis: before})  # all steps at once

    def _axis(self, device: Any) -> Any:
        found = words.device(device, self.desk.tree)
        if not where.is_axis(found):
            raise UsageError(f"{found.name} is no axis; there are: {_names(where.axes(self.desk.tree))}")
        return found

    def undo(self) -> None:
        """Bring what was moved last back to where it was; says what would move, and asks."""
        moved = self.desk.activity.last_move
        if moved is None:
            raise NothingToUndo("nothing to undo: no move yet in this session")
        self.desk.go(moved.before, "undo")

    # -- presets -----------------------------------------------------------------------------------------------

    def save_position(self, name: str, *devices: Any) -> None:
        """Keep where axes are under a name: those named, else all that do not depend on another."""
        chosen = [self._axis(one) for one in devices] or where.independent(self.desk.tree)
        positions: dict[str, float] = {}
        for one in chosen:
            if (here := rest_position(one)) is not None:
                positions[one.name] = here
        self.desk.presets.save(name, positions, {one.name: one.unit for one in chosen})
        at = ", ".join(f"{one.name} {where.position(one, positions[one.name])} {one.unit}".rstrip() for one in chosen)
        self.desk.say(f"saved {name!r}: {at}")

    def goto(self, name: str) -> None:
        """Go to a saved position; says what would move, and asks."""
        preset = self.desk.presets.find(name)
        targets: dict[Any, float] = {}
        for key, target in preset.positions.items():
            axis = self._axis(key)
            if axis.unit != preset.units.get(key):
                raise UsageError(f"{name!r}: {key} was saved in {preset.units.get(key)}, and is in {axis.unit} now")
            targets[axis] = target
        self.desk.go(targets, f"goto {name!r}")

    def positions(self) -> None:
        """List the saved positions of this proposal."""
        known = self.desk.presets.all()
        if not known:
            self.desk.say('none saved yet: save_position "NAME"')
        for one in known.values():
            at = ", ".join(
                f"{key} {value:.6g} {one.units.get(key, '')}".rstrip() for key, value in one.positions.items()
            )
            self.desk.say(f"  {one.name}: {at} ({one.who})")

    # -- runs --------------------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Keep a remark, in the run if one is open."""
        self.desk.say(self.desk.notes.add(text))

    def resume(self, uid: str = "last") -> None:
        """Go on with an interrupted scan from its last completed point; by default with the last run."""
        session = self.desk.session
        simulated = bool(session.clock.simulated)
        plan = resuming(uid, self.desk.tree, paths.journal_dir(session.data_dir), simulated=simulated)
        self.desk.run(plan, command=f"resume {uid}")

    def proposal(self, name: str = "") -> None:
        """Say which proposal the runs, notes and positions belong to, or let them belong to another from here on."""
        if name:
            self.desk.belong_to(check_proposal(name))
        self.desk.say(f"proposal: {self.desk.engine.md.get('proposal', 'none')}")

    def sample(self, name: str = "") -> None:
        """Say which sample the runs are of, or that they are of another from here on."""
        if name:
            if self.desk.session.clock.simulated:
                raise UsageError(
                    f"sample {name}: the simulation says itself what is in its beam; begin with --sample to choose it"
                )
            self.desk.engine.md["sample"] = {"name": name}
        known = self.desk.engine.md.get("sample")
        self.desk.say(f"sample: {known['name'] if isinstance(known, dict) else known or 'none'}")

    def lastscan(self) -> None:
        """Report the last run again."""
        self._show(self.desk.report.lines())

    def plot(self, detector: Any) -> None:
        """Choose what is plotted, and what `cen`, `com` and `peak` look at: a detector's field, ``plot it``."""
        name = str(getattr(detector, "name", detector))
        last = self.desk.last
        if last.detectors and name not in last.detectors:
            raise UnknownName("detector of the last scan", name, last.detectors)
        last.preferred = name
        self.desk.say(f"plots {name}")

    def _peak_command(self, which: str) -> Callable[..., None]:
        def command(detector: Any = None) -> None:
            last = self.desk.last
            name, found = last.peak(None if detector is None else str(getattr(detector, "name", detector)))
            self.desk.say(f"{found.kind} of {in_words(last, name, found)}")
            axis = self.desk.tree.find(str(last.start["motors"][0]))
            if axis is None:
                raise UsageError(f"{last.start['motors'][0]} is no device here")
            self.desk.go({axis: getattr(found, which)}, which)

        meaning = {"cen": "the middle of half height", "com": "the centre of mass", "peak": "the highest point"}[which]
        command.__name__ = which
        command.__doc__ = f"Go to {meaning} of the last scan's peak or dip; asks. Of the first detector, or that named."
        return command


def _in_pairs(name: str, given: Sequence[Any]) -> None:
    if not given or len(given) % 2:
        raise UsageError(f"{name}: pairs of a device and where it goes are needed: {name} energy 7112")


def _names(devices: list[Any]) -> str:
    return ", ".join(one.name for one in devices)
