"""Whose servers answer: checked at the connection, so that simulated and real devices never mix.

==========================  ==================  =============================================================
servers of the beamline     token               the session
and of the ring
==========================  ==================  =============================================================
one simulated, one not      any                 refused
both simulated              ours                begins
both simulated              another             refused, unless the session was told to allow it
neither simulated           none                begins; refused if it started servers of its own, or if
                                                `TERASU_SIM_TOKEN` is set
==========================  ==================  =============================================================

Ours is the token of the servers that the session started itself, or the one that `TERASU_SIM_TOKEN` names: `terasu sim`
prints it beside the addresses.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from ophyd import EpicsSignalRO

from daq.errors import Refused
from ioc_sim.identity import TOKEN_VARIABLE


def token_pv(prefix: str) -> str:
    """Return the PV by which a simulated server tells its token."""
    return f"{prefix}SIM:Token"


class Origins:
    """Asks servers whether they are simulated.

    Parameters
    ----------
    prefixes
        Where each server's own PVs would be, e.g. ``BL09U:``.
    """

    def __init__(self, prefixes: Sequence[str]) -> None:
        self._tokens = {
            prefix: EpicsSignalRO(token_pv(prefix), name=f"token_{number}", string=True)
            for number, prefix in enumerate(prefixes)
        }

    def tokens(self, within_s: float) -> dict[str, str | None]:
        """Return each server's token; None for one that does not say that it is simulated."""
        deadline = time.monotonic() + within_s
        found: dict[str, str | None] = {}
        for prefix, signal in self._tokens.items():
            try:
                signal.wait_for_connection(timeout=max(deadline - time.monotonic(), 0.01))
            except TimeoutError:
                found[prefix] = None
            else:
                found[prefix] = str(signal.get())
        return found

    def destroy(self) -> None:
        """Close the channels."""
        for signal in self._tokens.values():
            signal.destroy()


def check(tokens: Mapping[str, str | None], started: str | None, allowed: bool) -> None:
    """Refuse servers that are not those that were meant.

    Parameters
    ----------
    tokens
        By prefix, as `Origins.tokens` returns them.
    started
        The token of the servers that this session started, if it did.
    allowed
        Whether simulated servers of others will do.

    Raises
    ------
    Refused
        If simulated and real servers are mixed, or somebody else's simulation answers.
    """
    simulated = [prefix for prefix, token in tokens.items() if token is not None]
    real = [prefix for prefix in tokens if prefix not in simulated]
    if simulated and real:
        raise Refused(
            f"{simulated[0]}… is simulated and {real[0]}… does not say that it is: these do not belong together"
        )
    if started and real:
        raise Refused(
            f"{real[0]}… does not say that it is simulated: "
            "another server answers than the one that this session started"
        )
    own = started or os.environ.get(TOKEN_VARIABLE)
    if own and real:
        raise Refused(
            f"{TOKEN_VARIABLE} is set, and {real[0]}… does not say that it is simulated: "
            "unset it to work with real devices"
        )
    for prefix, token in tokens.items():
        if token in (None, own):
            continue
        if started:
            raise Refused(f"{prefix}… is another simulation than the one that this session started")
        if not allowed:
            raise Refused(
                f"{prefix}… is simulated: --allow-simulated takes it for the beamline, as do the lines that "
                "`terasu sim` prints"
            )
