"""What goes from port to port: one picture with what is known about it. Nobody changes it once it was handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ioc_sim.stamps import EPICS_EPOCH_S

Pixels: TypeAlias = npt.NDArray[Any]

DATA_TYPES = {
    "Int8": np.dtype(np.int8),
    "UInt8": np.dtype(np.uint8),
    "Int16": np.dtype(np.int16),
    "UInt16": np.dtype(np.uint16),
    "Int32": np.dtype(np.int32),
    "UInt32": np.dtype(np.uint32),
    "Int64": np.dtype(np.int64),
    "UInt64": np.dtype(np.uint64),
    "Float32": np.dtype(np.float32),
    "Float64": np.dtype(np.float64),
}
NAMES = {dtype: name for name, dtype in DATA_TYPES.items()}
NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True)
class Attribute:
    """Something that is said about an array."""

    value: float | int | str
    description: str = ""
    source: str = "Driver"


@dataclass(frozen=True)
class NDArray:
    """An array on its way.

    Attributes
    ----------
    data : numpy.ndarray
        Rows first: (height, width), or three of those of a colour picture as its colour mode has it.
    unique_id : int
        Its number in the life of the camera.
    posix_ns : int
        When it was there (POSIX time).
    at_s : float
        Likewise, in the device time of the acquisition.
    """

    data: Pixels
    unique_id: int
    posix_ns: int
    at_s: float = 0.0
    color_mode: str = "Mono"
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)

    @property
    def timestamp(self) -> float:
        """Seconds since the EPICS epoch."""
        return self.posix_ns / 1e9 - EPICS_EPOCH_S

    @property
    def epics_ts(self) -> tuple[int, int]:
        """Whole seconds since the EPICS epoch, and nanoseconds."""
        seconds, nanoseconds = divmod(self.posix_ns, 1_000_000_000)
        return seconds - EPICS_EPOCH_S, nanoseconds

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The sizes as areaDetector gives them: the one that runs fastest first."""
        return self.data.shape[::-1]

    @property
    def xyz(self) -> tuple[int, int, int]:
        """Width, height, and colours if there are three of them, else 0."""
        size = self.dimensions
        match self.color_mode:
            case "RGB1":
                return size[1], size[2], size[0]
            case "RGB2":
                return size[0], size[2], size[1]
            case "RGB3":
                return size[0], size[1], size[2]
            case _:
                return size[0] if size else 0, size[1] if len(size) > 1 else 0, size[2] if len(size) > 2 else 0


def said_of(array: NDArray) -> dict[str, Attribute]:
    """Return all attributes of an array, with those that each one has."""
    seconds, nanoseconds = array.epics_ts
    return {
        "NDArrayUniqueId": Attribute(array.unique_id, "The unique ID of the NDArray"),
        "NDArrayTimeStamp": Attribute(array.timestamp, "The timestamp of the NDArray as float64"),
        "NDArrayEpicsTSSec": Attribute(seconds, "The NDArray EPICS timestamp seconds past epoch"),
        "NDArrayEpicsTSnSec": Attribute(nanoseconds, "The NDArray EPICS timestamp nanoseconds"),
        **array.attributes,
    }
