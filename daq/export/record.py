"""All that is known of a run besides its points: enough to repeat the measurement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from daq.export.run_data import RunData


def record(run: RunData) -> dict[str, Any]:
    """Return start and stop, configuration, and every stream but the points; nothing that JSON cannot say.

    Returns
    -------
    dict
        ``start``, ``stop``, ``configuration`` (facts of facility and beamline), ``streams``: by name ``data_keys``,
        ``configuration`` (of the devices), ``hints`` and, for all but ``primary``, ``time`` and ``data``.
    """
    streams: dict[str, Any] = {}
    for name, stream in run.streams.items():
        streams[name] = {"data_keys": stream.keys, "configuration": stream.configuration, "hints": stream.hints}
        if name != "primary":
            streams[name] |= {
                "time": stream.time.tolist(),
                "data": {key: values.tolist() for key, values in stream.inner().items()},
            }
    return sayable(
        {"start": run.start, "stop": run.stop, "configuration": run.configuration, "streams": streams}
        | ({"assets": [list(one) for one in run.assets]} if run.assets else {})
    )


def sayable(value: Any) -> Any:
    """Return `value` with what JSON cannot say (numbers that are not finite, numpy's own) said as well as it can."""
    if isinstance(value, dict):
        return {str(key): sayable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [sayable(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return sayable(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value
