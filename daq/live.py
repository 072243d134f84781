"""What the user sees while a run goes on: a table and a progress bar, in any terminal.

Bluesky's LiveTable shows no units, keeps every row in memory and sleeps when a run stops; this table does not.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from bluesky.callbacks import CallbackBase
from tqdm import tqdm

from daq.flown_rows import FlownRows

MIN_WIDTH = 10


class Output(Protocol):
    """What lines can be written to."""

    def write(self, text: str, /) -> int:
        """Write."""
        ...

    def flush(self) -> None:
        """Let it be seen."""
        ...


class Column:
    """One column: its heading, unit and number format, from the descriptor's data key."""

    def __init__(self, name: str, key: dict[str, Any]) -> None:
        self.name = name
        self.unit = str(key.get("units") or "")
        self.dtype = key.get("dtype")
        precision = key.get("precision")
        self.precision = 3 if precision is None else max(int(precision), 0)
        self.width = max(MIN_WIDTH, len(name), len(self.unit) + 2)

    def show(self, value: Any) -> str:
        """Format one value to the column's width."""
        if isinstance(value, float) and self.dtype == "number":
            small = value != 0 and abs(value) < 10.0**-self.precision
            text = f"{value:.{self.precision}{'e' if small or abs(value) >= 1e9 else 'f'}}"
        else:
            text = str(value)
        return text.rjust(self.width)


class LiveView(CallbackBase):
    """A table row for each event and, where standard error is a terminal, a progress bar below it.

    Columns come from the hints of the devices, so that the user need not choose them.

    Parameters
    ----------
    out
        Where the table goes (default: standard output).
    bar
        Whether to draw the bar; by default only on a terminal.
    """

    def __init__(self, out: Output | None = None, bar: bool | None = None) -> None:
        super().__init__()
        self.out = sys.stdout if out is None else out
        self.bar_wanted = sys.stderr.isatty() if bar is None else bar
        self._start: dict[str, Any] = {}
        self._columns: list[Column] = []
        self._primary: str | None = None
        self._bar: tqdm[Any] | None = None
        self._rows = FlownRows()

    def _write(self, line: str) -> None:
        if self._bar is not None:
            self._bar.write(line, file=self.out)
        else:
            self.out.write(line + "\n")
        self.out.flush()

    def start(self, doc: Any) -> None:
        """Begin a new run."""
        self._start = dict(doc)
        self._columns = []
        self._primary = None
        self._rows = FlownRows()
        if self.bar_wanted:
            total = doc.get("num_points")
            self._bar = tqdm(total=total, unit="pt", file=sys.stderr, dynamic_ncols=True, leave=False)

    def descriptor(self, doc: Any) -> None:
        """Choose the columns: the scan's dimensions first, then what the devices hint at."""
        if doc.get("name") != "primary" or self._primary:
            return
        self._primary = doc["uid"]
        self._rows.described(doc)
        keys = doc["data_keys"]
        wanted = [field for group, _ in self._start.get("hints", {}).get("dimensions", []) for field in group]
        for hint in doc.get("hints", {}).values():
            wanted += hint.get("fields", ())
        fields = [field for field in dict.fromkeys(wanted) if field in keys and not keys[field].get("shape")]
        self._columns = [Column("point", {"dtype": "integer"})] + [Column(field, keys[field]) for field in fields]
        self._write("  ".join(column.name.rjust(column.width) for column in self._columns))
        self._write(
            "  ".join(f"[{one.unit}]".rjust(one.width) if one.unit else " " * one.width for one in self._columns)
        )

    def event(self, doc: Any) -> Any:
        """Print the row and move the bar."""
        if doc["descriptor"] == self._primary:
            data = {"point": doc["seq_num"], **doc["data"]}
            self._write("  ".join(column.show(data.get(column.name, "")) for column in self._columns))
            if self._bar is not None:
                self._bar.update()
        return doc

    def stream_datum(self, doc: Any) -> None:
        """Say how many rows of a flight there are: they are in a file of their own, each column announced by itself."""
        if doc["descriptor"] != self._primary or not (rows := self._rows.more(doc)):
            return
        self._write(f"{self._rows.number} rows".rjust(MIN_WIDTH))
        if self._bar is not None:
            self._bar.update(rows)

    def stop(self, doc: Any) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
