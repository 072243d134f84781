"""What can go wrong between a gate unit and the detectors on its trigger outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ioc_sim.area_detector.camera import Camera
from ioc_sim.faults.row import Argument, Arguments, Fault, Undo
from ioc_sim.groups.mapping import MappingGroup


class _Loses(Protocol):
    loses: Callable[[], bool]


async def _missed(target: Camera | MappingGroup, given: Arguments) -> Undo:
    detector: _Loses = target.gated if isinstance(target, Camera) else target
    before, left = detector.loses, int(given["gate"])

    def loses() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    detector.loses = loses

    async def undo() -> None:
        detector.loses = before

    return undo


FAULTS = (
    Fault(
        "missed_trigger",
        "camera, spectrometer's mapping",
        (Camera, MappingGroup),
        "a gate of the gate unit does not reach it: no frame or spectrum, TriggersMissed or PixelsMissed_RBV +1; the "
        "gates behind it are taken",
        _missed,
        "trigger",
        (Argument("gate", 10, "which of the gates that come from now on", 1, 1e9),),
    ),
)
