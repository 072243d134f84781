"""The picture that `terasu top` shows: tables in the colours that Tango's users know."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daq.queue import show
from daq.queue.actions import Standing
from daq.top.recent import Recent
from daq.top.sight import Seen, Sight
from devices.state import State

COLOURS = {
    State.ON: "green",
    State.OFF: "white",
    State.CLOSE: "white",
    State.OPEN: "green",
    State.INSERT: "white",
    State.EXTRACT: "green",
    State.MOVING: "bright_blue",
    State.STANDBY: "yellow",
    State.FAULT: "bright_white on red",
    State.INIT: "khaki1",
    State.RUNNING: "white on dark_green",
    State.ALARM: "black on orange1",
    State.DISABLE: "magenta",
    State.UNKNOWN: "black on grey62",
}
"""As in Taurus, as far as a terminal has them."""
ENDS = {"success": "green", "running": "bright_blue", "abort": "yellow", "fail": "red"}
WIDTH = 118
"""Below this, one table stands under the other."""
MOST_WAITING = 5
FEWEST_AXES = 3


@dataclass(frozen=True)
class Scene:
    """All that is shown."""

    title: str
    sight: Sight
    lease: str
    status: dict[str, Any]
    running: dict[str, Any]
    items: list[dict[str, Any]]
    standing: Standing
    runs: Sequence[Recent]


def picture(scene: Scene, width: int, height: int | None = None) -> RenderableType:
    """Return the picture for a terminal of so many columns and rows; without rows, all of it."""
    sight = scene.sight
    parts = (
        ("light", sight.light),
        ("shutters", sight.gates),
        ("optics", sight.optics),
        ("detectors", sight.detectors),
    )
    left = [_panel(title, seen) for title, seen in parts if seen]
    below = [_queue(scene, width), _runs(scene.runs)]
    rows = None
    if height is not None:
        beneath = 2 + min(len(scene.items), MOST_WAITING) + 4 + max(1, len(scene.runs)) + 2
        above = 0 if width >= WIDTH else sum(len(seen) + 2 for _, seen in parts if seen)
        rows = max(FEWEST_AXES, height - 2 - above - beneath - 2)
    motion = _panel("motion", _shortened(sight.motion, rows))
    if width >= WIDTH:
        beside = Table.grid(expand=True)
        beside.add_column(ratio=11)
        beside.add_column(ratio=9)
        beside.add_row(Group(*left), motion)
        middle: list[RenderableType] = [beside]
    else:
        middle = [*left, motion]
    clock = time.strftime("%Y-%m-%d %H:%M:%S")
    head = Table.grid(expand=True)
    head.add_column()
    head.add_column(justify="right")
    head.add_row(Text(scene.title, style="bold"), Text(clock))
    head.add_row(Text(scene.lease), Text("q quits", style="dim") if height is not None else Text(""))
    return Group(head, *middle, *below)


def _shortened(seen: Sequence[Seen], rows: int | None) -> list[Seen]:
    if rows is None or len(seen) <= rows:
        return list(seen)
    return [*seen[: rows - 1], Seen(f"and {len(seen) - rows + 1} more", State.ON, "")]


def _panel(title: str, seen: Iterable[Seen]) -> Panel:
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, min_width=12)
    table.add_column(no_wrap=True, width=7)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for one in seen:
        state = Text(one.state.value, style=COLOURS[one.state]) if one.text else Text("")
        table.add_row(Text(one.name), state, Text(one.text))  # as text: ":ID:" in an address is no picture of a card
    return Panel(table, title=title, title_align="left", box=box.ROUNDED, padding=(0, 1))


def _queue(scene: Scene, width: int) -> Panel:
    if not scene.status:
        return Panel(Text("no queue runs", style="dim"), title="queue", title_align="left", padding=(0, 1))
    lines = list(show.state(scene.status, scene.running, scene.items))
    waiting = list(show.waiting(scene.items, scene.standing))
    lines += waiting[:MOST_WAITING]
    if len(waiting) > MOST_WAITING:
        lines.append(f"      and {len(waiting) - MOST_WAITING} more")
    text = Text("\n".join(line[: max(20, width - 4)] for line in lines), no_wrap=True, overflow="ellipsis")
    return Panel(text, title="queue", title_align="left", padding=(0, 1))


def _runs(runs: Sequence[Recent]) -> Panel:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for one in runs:
        table.add_row(
            one.uid[:8],
            "" if one.scan is None else str(one.scan),
            Text(time.strftime("%m-%d %H:%M:%S", time.localtime(one.started))),
            Text(one.status, style=ENDS.get(one.status, "")),
            "" if one.points is None else f"{one.points} points",
            Text(one.plan),
        )
    body: RenderableType = table if runs else Text("none yet", style="dim")
    return Panel(body, title="last runs", title_align="left", padding=(0, 1))
