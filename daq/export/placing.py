"""Where an export goes that is asked for as ``auto``: by the facility's `data_path`, below the exports' directory.

Whatever a run says of itself (sample, proposal, plan) becomes part of one name only: anything but letters, digits and
``. _ + -`` becomes ``_``, a dot at its beginning too, and it is cut at 60 characters. So no name leads elsewhere.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from beam import facts
from daq import paths
from daq.errors import DataError, UsageError
from daq.export.run_data import RunData

AUTO = re.compile(r"auto(\.[A-Za-z0-9]+)?")
STANDARD_SUFFIX = ".nxs"
LONGEST = 60
_UNFIT = re.compile(r"[^A-Za-z0-9._+-]+")


def automatic(target: str) -> str | None:
    """Return the suffix if `target` is ``auto`` or ``auto.SUFFIX``; None if it is the name of a file."""
    match = AUTO.fullmatch(target)
    return (match[1] or STANDARD_SUFFIX).lower() if match else None


def place(target: str, run: RunData, data_dir: Path, facility: facts.Facility) -> Path:
    """Return where to write `run`: `target` itself, or what the facility's template makes of ``auto``.

    Directories of the template are made.

    Raises
    ------
    DataError
        If the run lacks what the template needs, or a directory cannot be made.
    """
    suffix = automatic(target)
    if suffix is None:
        return Path(target).expanduser()
    path = paths.export_dir(data_dir) / (facility.data_path.format(**_fields(run, facility.data_path)) + suffix)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    if not path.parent.resolve().is_relative_to(paths.export_dir(data_dir).resolve()):
        raise DataError(f"{path.parent}: a link leads out of {paths.export_dir(data_dir)}; nothing is written there")
    return path


def _fields(run: RunData, template: str) -> dict[str, Any]:
    start = run.start
    number = start.get("scan_id")
    if number is None and "{scan_id" in template:
        raise DataError(f"run {run.uid[:8]} has no scan number, which data_path = {template!r} needs; give a FILE")
    sample = start.get("sample")
    name = sample.get("name") if isinstance(sample, dict) else sample
    return {
        "proposal": fit(start.get("proposal"), "no-proposal"),
        "beamline": fit(start.get("beamline"), "no-beamline"),
        "sample": fit(name, "no-sample"),
        "plan": fit(start.get("plan_name"), "no-plan"),
        "scan_id": 0 if number is None else int(number),
        "uid": run.uid[:8],
        "date": time.strftime("%Y-%m-%d", time.localtime(start["time"])),
    }


def fit(text: object, otherwise: str) -> str:
    """Return `text` as a part of a file's name; `otherwise` if there is none."""
    made = _UNFIT.sub("_", str(text if text is not None else "").strip())[:LONGEST]
    if made.startswith("."):
        made = f"_{made[1:]}"
    return made or otherwise


def check_proposal(text: str) -> str:
    """Return the name of a proposal, which becomes that of a directory, if it can be one.

    Raises
    ------
    UsageError
        If it would have to be changed for that: two proposals must not become one.
    """
    if not text or fit(text, "") != text:
        raise UsageError(f"proposal {text!r}: letters, digits and . _ + - are allowed, {LONGEST} characters at most")
    return text
