"""What a guard does: closes the shutters and stops what its engine had moved, by the addresses that everybody uses.

=====================================  ===============================================================================
before it does anything                otherwise
=====================================  ===============================================================================
the station is its engine's still      nothing: who took it over decides
simulated servers have the token that  nothing: those that answer now are others, perhaps real ones
they had
=====================================  ===============================================================================

Everything that it does, or does not, is in the log ``guard-<station>.log``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from daq import logs
from daq.guardian.channels import Channels
from daq.guardian.orders import Orders
from daq.lease.holder import GUARD, Holder
from daq.lease.lock_file import LockFile

log = logging.getLogger(__name__)


def act(orders: Orders, moved: Sequence[str], dead: bool) -> None:
    """Do what is to be done for an engine that died, or that stands still."""
    if not logging.getLogger().handlers:
        logs.log_to(Path(orders.logs), f"guard-{orders.station}")
    engine = Holder(**orders.holder)
    happened = "has died" if dead else "gives no sign of life"
    log.warning("%s: the engine of %s %s", orders.station, engine.words(), happened)
    lock = LockFile(Path(orders.lock), orders.descriptor)
    if not lock.is_ours() or Path(orders.request).exists():
        log.warning("%s was taken over since: nothing is done", orders.station)
        return
    try:
        if dead:
            lock.write(replace(engine, what=GUARD).text())
        _close_and_stop(orders, moved)
    except Exception:
        log.exception("%s: the guard failed", orders.station)
    finally:
        if dead:
            lock.let_go(remove=orders.remove)


def _close_and_stop(orders: Orders, moved: Sequence[str]) -> None:
    channels = Channels()
    stop = [one for one in orders.stop if one.name in moved]
    if orders.token_pv and (token := channels.text(orders.token_pv)) != orders.token:
        found = f"say {token!r}" if token else "do not answer"
        log.error("%s: its servers %s, not %r: nothing is done", orders.station, found, orders.token)
        return
    for told in channels.write_one(orders.close, stop):
        log.warning("%s", told)
