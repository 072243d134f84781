"""A session with all that the shell puts around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bluesky.utils import RunEngineInterrupted

from daq import plan_call
from daq.check_plan import check_plan
from daq.errors import innermost
from daq.foresight import Foresight
from daq.live import LiveView
from daq.shell.activity import Activity
from daq.shell.display import Display
from daq.shell.interrupt import menu
from daq.shell.last_scan import LastScan
from daq.shell.live_plot import TextPlot, kind_of_plot, make_window
from daq.shell.notes import Notes
from daq.shell.presets import SIMULATED, Presets
from daq.shell.progress import Progress
from daq.shell.report import Report
from daq.shell.screen import Screen
from daq.shell.where import position


class Desk:
    """What commands work with.

    Parameters
    ----------
    session
        Open, and stays so.
    screen
        Where all is shown.
    ask
        Returns the user's answer to a question; raises EOFError or KeyboardInterrupt.
    plot
        ``auto``, ``text``, ``window`` or ``none``.
    """

    def __init__(
        self, session: Any, screen: Screen | None = None, ask: Callable[[str], str] = input, plot: str = "auto"
    ) -> None:
        self.session, self.tree, self.engine = session, session.tree, session.engine
        self.screen = Screen() if screen is None else screen
        self.ask = ask
        name, simulated = session.beamline.name, bool(session.clock.simulated)
        proposal = self.engine.md.get("proposal")
        self.presets = Presets(session.data_dir, name, proposal, simulated=simulated)
        notes = session.data_dir / "notes" / f"{name}{SIMULATED if simulated else ''}.jsonl"
        self.notes = Notes(notes, proposal)
        self.engine.preprocessors.append(self.notes)
        self.activity = Activity(self.engine)
        self.last = LastScan()
        self.report = Report(self.last, session.data_dir, self.say)
        kind = kind_of_plot(plot)
        self.window = make_window(self.last, kind)
        progress = Progress(self.activity, self._expected_s)
        self.display = Display(self.screen, self.activity, progress, TextPlot(self.last) if kind == "text" else None)
        table = LiveView(out=self.screen, bar=False)
        for callback in (self.notes.document, self.last, progress, table, self.display, self.report):
            self.engine.subscribe(callback)
        if self.window is not None:
            self.window.attach(self.engine)

    def belong_to(self, proposal: str) -> None:
        """Let what is run, noted and saved from here on belong to another proposal."""
        self.engine.md["proposal"] = self.notes.proposal = proposal
        self.presets = Presets(
            self.session.data_dir,
            self.session.beamline.name,
            proposal,
            simulated=bool(self.session.clock.simulated),
        )

    def say(self, line: str) -> None:
        """Show one line."""
        self.screen.say(line)

    def _expected_s(self) -> float | None:
        for one in self.engine.preprocessors:
            if isinstance(one, Foresight) and one.seen is not None and one.seen.whole:
                return one.seen.expected_s
        return None

    # -- plans -------------------------------------------------------------------------------------------------

    def plan(self, name: str) -> Callable[..., Any]:
        """Return a plan with the beamline's roles filled in."""
        return plan_call.with_roles(plan_call.find(name), self.tree)

    def run(self, plan: Any, **metadata: Any) -> None:
        """Run a plan; a Ctrl-C that pauses it leads to the menu."""
        try:
            self.engine(plan, **metadata)
        except RunEngineInterrupted:
            self.interrupted()

    def interrupted(self) -> None:
        """Let the user decide about a paused run."""
        menu(self.engine, self.tree, self.say, self.ask)

    def go(self, targets: Mapping[Any, float], what: str) -> bool:
        """Say what would move, check it against limits and interlocks, ask, and move; return whether it did."""
        moves = {one: target for one, target in targets.items() if not _there(one, target)}
        if not moves:
            self.say(f"{what}: all is there already")
            return False
        flat = [word for one, target in moves.items() for word in (one, target)]
        check_plan(self.plan("mv"), *flat)
        self.say(f"{what} would move")
        width = max(len(one.name) for one in moves)
        for one, target in moves.items():
            self.say(f"  {one.name:<{width}}  {position(one)} → {position(one, target)} {one.unit}".rstrip())
        if not self.confirmed("move?"):
            self.say("nothing moved")
            return False
        self.run(self.plan("mv")(*flat), command=what)
        return True

    def confirmed(self, question: str) -> bool:
        """Return whether the user says yes; no is what silence means."""
        try:
            return self.ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except (EOFError, KeyboardInterrupt):
            self.say("")
            return False

    def cause(self, error: BaseException) -> BaseException:
        """Return what a user wants to know of an error."""
        return innermost(error)


def _there(device: Any, target: float) -> bool:
    facts = getattr(device, "facts", None)
    tolerance = getattr(facts, "tolerance", None) or getattr(facts, "tolerance_ev", 0.0)
    return abs(device.position - target) <= tolerance and abs(device.locate()["setpoint"] - target) <= tolerance
