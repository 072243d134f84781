"""Whether a simulation can stand in for all servers of a configuration: checked before it starts."""

from __future__ import annotations

from beam import facts
from beam.bench import Bench
from daq.errors import Refused


def check_pinned(*tables: facts.Facility | facts.Beamline | Bench) -> None:
    """Refuse a simulation of addresses that say themselves where their servers are: those would answer, not ours.

    Raises
    ------
    Refused
        Names the first of them.
    """
    for address in facts.tango_addresses(*tables):
        if address != facts.domain_family_member(address):
            raise Refused(
                f"{address} in the configuration names the servers that it means: --sim cannot stand in for them; "
                "leave it to TANGO_HOST which database is asked"
            )
