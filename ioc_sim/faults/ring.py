"""What happens to the beam: events of the ring, at the present time of its clock."""

from __future__ import annotations

from beam.ring import EventKind
from ioc_sim.faults.row import Arguments, Fault, Start, Undo
from ioc_sim.groups.ring import RingGroup


def _events(kind: EventKind, other: EventKind) -> Start:
    async def start(ring: RingGroup, _: Arguments) -> Undo:
        ring.happen(kind)

        async def undo() -> None:
            ring.happen(other)

        return undo

    return start


async def _inject(ring: RingGroup, _: Arguments) -> None:
    ring.happen("inject")


FAULTS = (
    Fault(
        "beam_dump",
        "ring",
        (RingGroup,),
        "the beam is lost; clearing refills the ring, which takes its time",
        _events("dump", "refill"),
        "beam",
    ),
    Fault(
        "topup_off",
        "ring",
        (RingGroup,),
        "no injections: the beam decays; clearing fills it up",
        _events("topup_off", "topup_on"),
        "beam",
    ),
    Fault(
        "topup_injection",
        "ring",
        (RingGroup,),
        "a top-up injection out of turn: the current steps up, the gate is closed for its time; over at once",
        _inject,
        "injection",
    ),
)
