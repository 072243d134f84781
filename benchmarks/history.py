"""What each `make bench` measured, in a file of its own line by line, and how it went over time as a picture."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.table import Row, ratio_of

FILE = Path(__file__).parent / "history.jsonl"
PICTURE = Path(__file__).parents[1] / "docs/images/benchmarks.png"
VERSIONS = ("bluesky", "ophyd", "pyepics", "caproto", "pytango", "numpy")


def note(rows: Iterable[Row], reference: Row) -> None:
    """Append what was measured, with machine and versions."""
    rows = list(rows)
    record = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=FILE.parent, capture_output=True, text=True, check=False
        ).stdout.strip(),
        "machine": f"{psutil.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "load": round(psutil.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "rows": {row.name.strip(): _figures(row, reference) for row in rows},
    }
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def _figures(row: Row, reference: Row) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "n": len(row.measured),
        "median": round(statistics.median(row.measured), 4),
        "min": round(min(row.measured), 4),
        "max": round(max(row.measured), 4),
        "unit": row.unit,
    }
    if not row.absolute:
        figures["ratio"] = round(ratio_of(row, reference), 3)
    if row.goal is not None:
        figures["goal"] = row.goal
    return figures


def draw() -> None:
    """Draw each row that has a goal, as a part of that goal, over the runs."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    records = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    names = list(dict.fromkeys(name for one in records for name, row in one["rows"].items() if "goal" in row))
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.add_subplot()
    for name in names:
        points = [
            (number, row.get("ratio", row["median"]) / row["goal"])
            for number, one in enumerate(records)
            if "goal" in (row := one["rows"].get(name, {}))
        ]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.axhline(1.0, color="black", linewidth=1)
    axes.set(ylabel="measured / goal", yscale="log", title="Benchmarks: below the line the goal is met")
    axes.set_xticks(range(len(records)), [f"{one['time'][:10]}\n{one['commit']}" for one in records], fontsize=7)
    axes.legend(fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(PICTURE, dpi=110)
