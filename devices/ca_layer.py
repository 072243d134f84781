"""Which library speaks Channel Access: the one that ophyd was told to use (``OPHYD_CONTROL_LAYER``)."""

from __future__ import annotations

import functools
from types import ModuleType

import ophyd

from devices.errors import DeviceError


@functools.cache
def layer() -> ModuleType:
    """Return what our signals need of the library besides what ophyd's control layer has.

    Both have ``silence``, ``watch``, ``put``, ``circuit``, ``Question`` and ``Lost``; with both, all monitors that the
    server sent before a put's completion are known when the completion is handled.
    """
    name = str(getattr(ophyd.get_cl(), "name", ""))
    if name == "pyepics":
        from devices import ca_pyepics

        return ca_pyepics
    if name == "caproto":
        from devices import ca_caproto

        return ca_caproto
    raise DeviceError(f"OPHYD_CONTROL_LAYER: {name or 'unknown'}: pyepics and caproto are allowed")
