"""Any run as comma-separated values: the primary stream as it was recorded, nothing subtracted."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from daq.errors import DataError
from daq.export.run_data import RunData
from daq.timestamps import iso


def to_csv(run: RunData) -> str:
    """Return the primary stream; a first line ``# …`` says which run, the second names the columns and units.

    Raises
    ------
    DataError
        If the run has no points, or none of its columns holds one value a point.
    """
    primary = run.primary()
    columns = [key for key, column in primary.inner().items() if column.ndim == 1]
    if not columns:
        raise DataError(f"run {run.uid[:8]}: its columns are arrays or images, which no table holds; export it as .nxs")
    text = io.StringIO()
    about = [f"run {run.uid}", str(run.start.get("plan_name", "")), iso(run.start["time"]), run.exit_status]
    if run.start.get("simulated"):
        about.append("simulated")
    text.write("# " + ", ".join(one for one in about if one) + "\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time [s]", *(f"{key} [{unit}]" if (unit := primary.unit(key)) else key for key in columns)])
    for index, moment in enumerate(primary.time):
        writer.writerow([repr(float(moment)), *(_text(primary.columns[key][index]) for key in columns)])
    return text.getvalue()


def _text(value: Any) -> str:
    """Write a number with all its digits."""
    if isinstance(value, np.generic):
        value = value.item()
    return repr(value) if isinstance(value, float) else str(value)
