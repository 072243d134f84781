"""Arrays on their way to the wire, which is big-endian: converted once, where that holds up nobody, or not at all.

caproto copies an array twice for each update, in the event loop that answers all clients: 8 MB take it several
milliseconds. With the conversion that is installed here, an array that is big-endian already is not copied at all.
So whoever publishes large arrays makes them with `to_wire` in a worker thread, posts the result, and does not change
it afterwards: it may still be on its way to a client.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from caproto import ChannelType
from caproto import _backend as backends  # pyright: ignore[reportPrivateUsage]

NAME = "numpy, without needless copies"


def to_wire(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a flat big-endian copy of `array`; other threads go on while numpy makes it."""
    return array.astype(array.dtype.newbyteorder(">"), order="C").ravel()


def install() -> None:
    """Let caproto convert like this, in this process."""
    stock = backends._backends["numpy"]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    types = stock.type_map

    def python_to_epics(dtype: ChannelType, values: Any, **options: Any) -> Any:
        if isinstance(values, np.ndarray) and values.dtype == types.get(dtype) and values.flags.c_contiguous:
            return values
        return stock.python_to_epics(dtype, values, **options)

    backends.register_backend(stock._replace(name=NAME, python_to_epics=python_to_epics))
    backends.select_backend(NAME)
