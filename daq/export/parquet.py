"""Any run as an Apache Parquet table: the primary stream as it was recorded, and all the rest as metadata.

Columns keep their types and have their unit in their own metadata (``units``); arrays are lists of fixed size. The
schema's metadata holds, under ``terasu``, what `daq.export.record.record` gives, as JSON.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from daq.errors import DataError
from daq.export.record import record
from daq.export.run_data import RunData

KEY = b"terasu"
TIME = "time"


def to_parquet(run: RunData) -> bytes:
    """Return the content of the file.

    Raises
    ------
    DataError
        If the run has no points, or nothing but images that lie in files of their own.
    """
    primary = run.primary()
    columns = primary.inner()
    if not columns:
        raise DataError(
            f"run {run.uid[:8]}: its images lie in files of their own; a table cannot hold them; export it as .nxs"
        )
    fields, arrays = [_field(TIME, pa.float64(), "s")], [pa.array(primary.time)]
    for key, values in columns.items():
        arrays.append(_array(values))
        fields.append(_field(key, arrays[-1].type, primary.unit(key)))
    schema = pa.schema(fields, metadata={KEY: json.dumps(record(run)).encode()})
    content = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), content)
    return content.getvalue()


def _field(name: str, kind: pa.DataType, unit: str) -> pa.Field[Any]:
    return pa.field(name, kind, metadata={"units": unit} if unit else None)


def _array(values: npt.NDArray[Any]) -> pa.Array[Any]:
    if values.ndim == 1:
        return pa.array(values.tolist() if values.dtype == object else values)
    flat = pa.array(np.ascontiguousarray(values).ravel())
    for size in reversed(values.shape[1:]):
        flat = pa.FixedSizeListArray.from_arrays(flat, size)
    return flat
