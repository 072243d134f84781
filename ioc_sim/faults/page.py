"""The table of faults in the documentation: ``python -m ioc_sim.faults.page FILE`` writes it between its marks."""

from __future__ import annotations

import sys
from pathlib import Path

from ioc_sim.faults.row import Argument
from ioc_sim.faults.table import FAULTS

BEGIN = "<!-- faults: from the code's own table, by `make schema`; do not edit -->"
END = "<!-- /faults -->"


def table() -> str:
    """Return the table, one row a fault."""
    lines = ["| fault | on | arguments | what an outside client sees |", "|---|---|---|---|"]
    for one in FAULTS.values():
        arguments = "; ".join(_described(each) for each in one.arguments) or "none"
        lines.append(f"| `{one.name}` | {one.on} | {arguments} | {one.description} |")
    return "\n".join(lines) + "\n"


def renewed(page: str) -> str:
    """Return a page with the table between its marks as it is now."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"no place for the table: {BEGIN!r} … {END!r} is missing")
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def _described(one: Argument) -> str:
    value = str(one.default).lower() if isinstance(one.default, bool) else format(one.default, "g")
    return f"`{one.name}={value}` {one.description} ({one.allowed().removesuffix(' is allowed')})"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ioc_sim.faults.page FILE")
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
