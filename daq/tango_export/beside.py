"""The export of a session that runs plans itself: a shell's or a run's, with its own engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daq.session import Session


@contextmanager
def beside(session: Session, mode: str | None, say: Callable[[str], None]) -> Iterator[None]:
    """Export a session for as long as the context lasts.

    Parameters
    ----------
    session
        Open.
    mode
        ``read`` or ``write``; None exports nothing.
    say
        Tells where clients find it.

    Raises
    ------
    TerasuError
        It cannot be exported; nothing has moved.
    """
    if mode is None:
        yield
        return
    from daq.tango_export.database import Embedded, Existing
    from daq.tango_export.rights import rights_of
    from daq.tango_export.server import serve

    simulated = session.simulation is not None and "tango" in session.simulation.ports
    where = Existing(register=simulated) if os.environ.get("TANGO_HOST") else Embedded()
    with serve(session, rights=rights_of(mode == "write"), where=where) as server:
        say(f"{len(server.devices)} devices at TANGO_HOST={server.host}, {mode}")
        yield
