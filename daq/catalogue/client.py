"""Opening the catalogue: a Tiled client of Bluesky runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from daq.catalogue import runs
from daq.catalogue.address import NotAnswering
from daq.catalogue.start import PING_TIMEOUT_S, WAIT_S, ensure_catalogue, settle
from daq.errors import DataError

SETTLE_S = 30.0


def open_catalogue(data: Path) -> Any:
    """Return the catalogue of a data directory; starts its process if need be.

    Every run that was closed when this was called can be read, unless there are so many that the catalogue
    process is still busy with them after half a minute.
    """
    _begin(data)
    from tiled.client import from_uri

    settle(data, SETTLE_S)
    address = ensure_catalogue(data)
    assert address is not None
    return from_uri(address.url, api_key=address.key, trust_env=False)


def _begin(data: Path) -> None:
    """Start the process if need be, and import Tiled while it boots."""
    if ensure_catalogue(data, wait=False) is None:
        import bluesky_tiled_plugins  # noqa: F401


def find_run(data: Path, uid: str) -> Any:
    """Return a run as a Bluesky run client; `uid` may be any unambiguous beginning, or ``last``.

    Raises
    ------
    UnknownName, DataError
        As `daq.catalogue.runs.find`.
    """
    _begin(data)
    whole = runs.find(data, uid).uid
    return open_catalogue(data)[whole]


def wait_until_readable(data: Path, uid: str, timeout_s: float = 60.0) -> None:
    """Wait until the whole run `uid` can be read from the catalogue; starts its process if need be.

    Raises
    ------
    DataError
        If there is no journal of that run, the catalogue refuses it, or it takes longer than `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    state = "unknown"
    while (left := deadline - time.monotonic()) > 0:
        address = ensure_catalogue(data, timeout_s=left)
        assert address is not None
        wait_s = max(min(WAIT_S, deadline - time.monotonic()), 0.0)
        try:
            answer = address.ask("run", wait_s + PING_TIMEOUT_S, uid=uid, wait_s=f"{wait_s:.3f}")
        except NotAnswering:
            continue
        state = answer["state"]
        if state == "complete":
            return
        if state in ("refused", "delayed"):
            raise DataError(f"run {uid} is kept in its journal, but is not in the catalogue: {answer['reason']}")
        if state == "unknown":
            raise DataError(f"run {uid}: there is no journal of it in {data}")
    raise DataError(f"run {uid} cannot be read from the catalogue within {timeout_s:g} s: it is {state}")
