"""What the engine does before a plan's first message: check it whole, where that can be; else say that it was not."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from bluesky import preprocessors

from daq.check_plan import MadePlan, origin_of
from daq.errors import UsageError
from daq.forecast import Forecast
from daq.recorded_call import record

_untyped: Any = preprocessors
NOT_AHEAD = "each move as its message came"


class Foresight:
    """A preprocessor, the first of all: checks each plan of the session's own before it runs.

    Plans made by name (``xas("Fe K")`` in the shell, `terasu run`) are made again and walked. Of a bare generator
    nobody knows what made it, and it can be walked only once: each of its moves is checked as its message comes, by
    the device itself. The run records which it was, as ``checked``, and what made it, as ``call``.

    Parameters
    ----------
    say
        Tells the user that a plan was not checked ahead.

    Attributes
    ----------
    rules
        Asked after the check with what made the plan and what it is foreseen to do; what they raise refuses it.
    seen
        What the plan that runs is foreseen to do; None if it was not looked through.
    """

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        self.say = say
        self.rules: list[Callable[[MadePlan | None, Forecast | None], None]] = []
        self.seen: Forecast | None = None

    def __call__(self, plan: Any) -> Generator[Any, Any, Any]:
        """Check `plan`, then run it."""
        self.seen = None
        origin = origin_of(plan)
        seen = self.seen = self._check(origin)
        for rule in self.rules:
            rule(origin, seen)
        about: dict[str, Any] = {"checked": NOT_AHEAD if seen is None else seen.checked}
        if origin is not None and (call := record(*origin.made_of)):
            about["call"] = call
        return (yield from _untyped.inject_md_wrapper(plan, about))

    def _check(self, origin: MadePlan | None) -> Forecast | None:
        if origin is None:
            self.say("not checked ahead: each move is checked as its message comes")
            return None
        try:
            seen = origin.check()
        except UsageError as error:
            self.say(f"not checked ahead: {error}")
            return None
        if not seen.whole:
            self.say(f"checked {seen.checked}; from there, each move as its message comes")
        return seen
