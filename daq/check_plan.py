"""Check before run: what would a plan do, and would anything refuse it? Nothing moves for the answer."""

from __future__ import annotations

import functools
import inspect
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from bluesky.utils import ensure_generator

from daq import paths
from daq.errors import Refused, UsageError
from daq.forecast import GB, Forecast
from daq.walk import Walk


def check_plan(plan_function: Callable[..., Any], *args: Any, **kwargs: Any) -> Forecast:
    """Build a plan afresh and walk it to its end, without moving anything.

    Every position is held against the limits of its axis, with a coupled axis's own axes, and against the interlocks
    as they will be at that message; frames against the space on the disk they go to.

    Parameters
    ----------
    plan_function
        Makes the plan: ``check_plan(xas, "Fe K")``, not ``check_plan(xas("Fe K"))``.
    args, kwargs
        Its arguments.

    Returns
    -------
    Forecast
        What it would do and how long it should take. `Forecast.whole` is False, and `Forecast.checked` says up to
        which message, where the plan decides by what it measures.

    Raises
    ------
    Refused
        The first thing that a device, a rule or a disk refuses, in its own words.
    UsageError
        The plan cannot begin with its arguments, or can be made from them only once.
    """
    if not callable(plan_function):
        raise UsageError("check_plan takes what makes a plan and its arguments: check_plan(xas, 'Fe K')")
    if (once := read_once_only(args, kwargs)) is not None:
        raise UsageError(f"{_name(plan_function)}: {once} can be read only once, by the plan itself; give a list")
    return _walked(plan_function, args, kwargs, Walk())


def _walked(plan_function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], walk: Walk) -> Forecast:
    made = plan_function(*args, **kwargs)
    if isinstance(made, MadePlan):
        made = made.plan
    if not isinstance(made, Iterable):
        raise UsageError(f"{_name(plan_function)} makes no plan, but a {type(made).__name__}")
    seen = walk.through(ensure_generator(made))
    check_disks(seen)
    return seen


def check_disks(seen: Forecast) -> None:
    """Refuse what finds no room on its disk."""
    spare = paths.min_free_mb() * paths.MB
    by_disk: dict[int, float] = {}
    for name, one in seen.files.items():
        directory = next((up for up in (one.directory, *one.directory.parents) if up.is_dir()), Path("/"))
        if directory == Path("/"):
            continue  # of another machine
        one.free_bytes = float(shutil.disk_usage(directory).free)
        disk = directory.stat().st_dev
        by_disk[disk] = by_disk.get(disk, 0.0) + one.bytes
        if by_disk[disk] + spare > one.free_bytes:
            raise Refused(
                f"{name}: {one.triggers} acquisitions would write {one.bytes / GB:.3g} GB to {one.directory}; "
                f"{one.free_bytes / GB:.3g} GB are free there, {spare / GB:.3g} GB must stay so"
            )


def read_once_only(args: Iterable[Any], kwargs: dict[str, Any]) -> str | None:
    """Return the first argument that is used up by reading it; None if there is none."""
    named = [(f"argument {n}", one) for n, one in enumerate(args, 1)] + list(kwargs.items())
    return next((name for name, one in named if isinstance(one, Iterator)), None)


class MadePlan:
    """A plan that knows what made it, so that it can be made again and looked through before it runs.

    Parameters
    ----------
    function, args, kwargs
        What makes it.
    made_of
        What its runs record as having made them, where that is something else: a plan that it does a part of.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Iterable[Any],
        kwargs: dict[str, Any],
        made_of: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]] | None = None,
    ) -> None:
        self._function, self._args, self._kwargs = function, tuple(args), kwargs
        self.made_of = made_of or (function, self._args, kwargs)

    @functools.cached_property
    def plan(self) -> Any:
        """The plan itself; made when it is wanted."""
        return self._function(*self._args, **self._kwargs)

    def check(self, *, later: bool = False) -> Forecast:
        """Check what is made anew; what is to run `later` is not held against where devices happen to be now."""
        if later:
            return _walked(self._function, self._args, self._kwargs, Walk(later=True))
        return check_plan(self._function, *self._args, **self._kwargs)

    def __repr__(self) -> str:
        return f"<plan {_name(self._function)}, not run: RE(…) runs it>"

    def __iter__(self) -> Generator[Any, Any, Any]:
        running = self._run()
        _made[running] = self
        return running

    def _run(self) -> Generator[Any, Any, Any]:
        return (yield from self.plan)

    def __next__(self) -> Any:
        return next(self.plan)

    def send(self, value: Any) -> Any:
        """As a generator does."""
        return self.plan.send(value)

    def throw(self, *error: Any) -> Any:
        """As a generator does."""
        return self.plan.throw(*error)

    def close(self) -> None:
        """As a generator does."""
        if "plan" in self.__dict__:
            self.plan.close()


_made: WeakKeyDictionary[Any, MadePlan] = WeakKeyDictionary()


def origin_of(plan: Any) -> MadePlan | None:
    """Return what made the generator that an engine is given; None if nobody knows."""
    return plan if isinstance(plan, MadePlan) else _made.get(plan)


def _name(function: Any) -> str:
    return str(getattr(inspect.unwrap(function), "__name__", function))
