"""What can go wrong with a motor. Each acts on every motion from the next one on, until it is cleared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ioc_sim.faults.row import Argument, Arguments, Fault, Holding, Start, Undo
from ioc_sim.records.motor import MotorRecord
from ioc_sim.records.motor_bits import Msta
from ioc_sim.records.motor_faults import NO_FAULT, DriveFault

Make = Callable[[MotorRecord, Arguments], DriveFault]


class Stuck(DriveFault):
    """The drive says that it moves, and does not."""

    holds = True

    def __init__(self) -> None:
        self.struck = asyncio.Event()

    def end(self, begin: float, target: float) -> float:
        """Note that there is a motion."""
        self.struck.set()
        return target


class LostDone(DriveFault):
    """The controller never says that a motion has ended."""

    def __init__(self) -> None:
        self._moved = False
        self.struck = asyncio.Event()

    def end(self, begin: float, target: float) -> float:
        """Note that there was a motion."""
        self._moved = True
        return target

    def status(self, status: int) -> int:
        """Go on saying that it moves."""
        if not self._moved:
            return status
        if status & Msta.DONE:
            self.struck.set()
        return status & ~Msta.DONE | Msta.MOVING


class LimitHit(DriveFault):
    """A limit switch in the middle of the first motion's way."""

    def __init__(self, record: MotorRecord, at: float) -> None:
        self._drive, self._at = record.drive, at
        self._before = record.drive.low_switch, record.drive.high_switch
        self._placed = False

    def end(self, begin: float, target: float) -> float:
        """Place the switch."""
        if not self._placed and target != begin:
            self._placed = True
            place = begin + self._at * (target - begin)
            if target > begin:
                self._drive.high_switch = place
            else:
                self._drive.low_switch = place
        return target

    def remove(self) -> None:
        """Put the switches back to where they belong."""
        self._drive.low_switch, self._drive.high_switch = self._before


class FollowingError(DriveFault):
    """Every motion ends off its target, and the controller says so."""

    def __init__(self, by: float) -> None:
        self._by, self._moved = by, False

    def end(self, begin: float, target: float) -> float:
        """Miss the target."""
        self._moved = True
        return target + self._by

    def status(self, status: int) -> int:
        """Report slip or stall once it has stopped."""
        return status | Msta.SLIP_STALL if self._moved and status & Msta.DONE else status


class ForeignStop(DriveFault):
    """Somebody else puts STOP on the way."""

    def __init__(self, record: MotorRecord, at: float) -> None:
        self._record, self.mark = record, at
        self._puts: set[asyncio.Task[None]] = set()

    async def marked(self) -> None:
        """Put STOP while the axis stands at the mark: the place does not depend on the wall clock."""
        put = asyncio.create_task(self._record.take("STOP", 1))
        self._puts.add(put)
        put.add_done_callback(self._puts.discard)
        await asyncio.sleep(0)


class CommunicationLost(DriveFault):
    """The controller cannot be asked: the record goes INVALID, and works on."""

    def status(self, status: int) -> int:
        """Report a communication error."""
        return status | Msta.COMM_ERR


def _in_the_drive(make: Make) -> Start:
    async def start(record: MotorRecord, arguments: Arguments) -> Undo | Holding:
        fault = make(record, arguments)

        async def undo() -> None:
            if isinstance(fault, LimitHit):
                fault.remove()
            await record.drive.replace_fault(NO_FAULT)

        await record.drive.replace_fault(fault)
        return Holding(undo, fault.struck) if isinstance(fault, Stuck | LostDone) else undo

    return start


def _row(name: str, description: str, make: Make, *arguments: Argument) -> Fault:
    return Fault(name, "motor", (MotorRecord,), description, _in_the_drive(make), "drive", arguments)


_AT = Argument("at", 0.5, "fraction of the way", 0.01, 0.99)
_AT_TIME = Argument("at", 0.5, "fraction of the motion's time", 0.01, 0.99)

FAULTS = (
    _row(
        "motor_stuck",
        "does not move, DMOV stays 0; STOP ends it, clearing lets the motion go on",
        lambda *_: Stuck(),
    ),
    _row(
        "motor_lost_done",
        "arrives, but DMOV stays 0 and the put never completes; clearing lets both through",
        lambda *_: LostDone(),
    ),
    _row(
        "motor_limit_hit",
        "hits a limit switch in the middle of its way; the switch stays there until it is cleared",
        lambda record, given: LimitHit(record, given["at"]),
        _AT,
    ),
    _row(
        "motor_following_error",
        "ends off its target, with SLIP_STALL in MSTA",
        lambda record, given: FollowingError(given["by"]),
        Argument("by", 0.1, "how far off, in the motor's unit"),
    ),
    _row(
        "motor_foreign_stop",
        "somebody else puts STOP on the way (not in a motion too short to be seen on the way)",
        lambda record, given: ForeignStop(record, given["at"]),
        _AT_TIME,
    ),
    _row(
        "motor_invalid",
        "the controller does not answer: severity INVALID",
        lambda *_: CommunicationLost(),
    ),
)
