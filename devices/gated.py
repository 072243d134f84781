"""A detector on a trigger output of a gate unit, as bluesky flies it: a frame or a spectrum for each gate.

Bluesky's order is `stage`, then for each pass `prepare` (a `devices.flight.Flight`), `kickoff`, which arms it, and
`complete`; `collect` as often as one likes; `unstage`. The flyer that triggers it goes on from there:

====================  =======================================================================================
event                 what happens
====================  =======================================================================================
kickoff               it waits for triggers, as many as there are gates; the flyer refuses to fly before
a trigger is missed,  the flight fails at once, with one line that names detector and numbers
or the writer fails
the flight ends       its counters, its file and the gates' numbers must agree with the rows; else the flight fails
the flight is paused  it is disarmed when all gates that ended are written, and armed again for the rest
gates are spoiled     likewise; what was not announced is cut off its file, and it goes on in another one
====================  =======================================================================================

Rows of the flyer and those of its detectors are announced together: row n of each belongs to the same gate. Where files
can be opened from here, that is proven gate by gate, by the numbers that both files hold (`devices.gate_numbers`).
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from beam.errors import OutOfReach
from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, DeviceError
from devices.flight import Flight
from devices.gate_numbers import agreeing, rows_there
from devices.gated_documents import Column, Document, GatedDocuments
from devices.signals import DeviceSignal
from devices.waiting import Waiting, in_background

Lost = Callable[[Exception], None]


class Gated(ABC):
    """A detector that a gate unit triggers; its kinds say how.

    Parameters
    ----------
    detector
        The detector itself.
    local_files
        Whether its files can be opened from here.
    slowest_bytes_per_s
        Reading out and writing, one after the other, is at least as fast as this, in wall time.
    """

    parent = None

    def __init__(self, detector: Instrument, *, local_files: bool = True, slowest_bytes_per_s: float) -> None:
        self.detector = detector
        self.name: str = detector.name
        self.local_files = local_files
        self.slowest_bytes_per_s = slowest_bytes_per_s
        self._documents = GatedDocuments()
        self._flight: Flight | None = None
        self._armed = False
        self._status: Waiting | None = None
        self._lost: Lost | None = None
        self._agreed = 0
        self._asked = self._before = 0
        self._taken = threading.Event()

    # -- what each kind says ---------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def shortest_s(self) -> float:
        """The shortest gate that it can follow, one after the other."""

    @property
    @abstractmethod
    def gate_bytes(self) -> float:
        """What it writes for a gate."""

    @abstractmethod
    def directory(self) -> Path:
        """Return where it writes, as its server sees it."""

    @abstractmethod
    def _begin(self) -> None:
        """Set it up for gates, with a new file."""

    @abstractmethod
    def _finish(self) -> None:
        """Close the file, and put back what it was set to."""

    @abstractmethod
    def _fit(self, flight: Flight) -> None:
        """Set what depends on the flight."""

    @abstractmethod
    def _arm(self, gates: int) -> None:
        """Let it wait for so many gates; returns when it does."""

    @abstractmethod
    def _disarm(self) -> None:
        """Let it wait no longer; returns when all that it took is written."""

    @abstractmethod
    def _wait(self, gates: int) -> None:
        """Wait until it has taken and written so many gates, or until it is clear that it has not."""

    @abstractmethod
    def _judge(self, gates: int) -> None:
        """Raise what is wrong, if it was armed for so many gates, and they are over."""

    @abstractmethod
    def _wrong(self, gates: int) -> BadReading | None:
        """Return what its counters say that went wrong, asked for now."""

    @abstractmethod
    def _cut(self, rows: int) -> None:
        """Keep so many rows of the file, and go on in another one."""

    @abstractmethod
    def _path(self) -> str:
        """Return the file; empty before there is one."""

    @abstractmethod
    def _rows(self) -> int:
        """Return how many rows its server says are in the file."""

    @abstractmethod
    def _columns(self) -> dict[str, Column]:
        """Return where everything is in the file, by data key; one of them is ``<name>_gate``."""

    @abstractmethod
    def describe_collect(self) -> dict[str, Any]:
        """Return the data keys of its rows."""

    # -- before anything moves --------------------------------------------------------------------------------------

    @property
    def missing(self) -> list[str]:
        """The addresses that do not answer."""
        return self.detector.missing

    def check_flight(self, flight: Flight) -> None:
        """Refuse a flight that it cannot follow.

        Raises
        ------
        OutOfReach
            Gates that are too short; says which would do.
        """
        if flight.shortest_s < self.shortest_s * (1 - 1e-9):
            raise OutOfReach(
                f"{self.name}: gates of {flight.shortest_s:.4g} s; {self._why_shortest()}: gates of "
                f"{self.shortest_s:.6g} s or longer would do"
            )

    def _why_shortest(self) -> str:
        return f"it needs {self.shortest_s:g} s for each"

    def flight_bytes(self, flight: Flight) -> float:
        """Return how many bytes it writes in a flight."""
        return self.gate_bytes * flight.gates

    # -- bluesky's order --------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Begin anew: another file."""
        self._before = self.frames_in_files()
        self._documents.begin()
        self._flight, self._armed, self._agreed = None, False, 0
        self._begin()
        return [self]

    def prepare(self, value: Flight) -> Waiting:
        """Set it up for a flight; the returned status ends when that is done."""
        self.check_flight(value)
        status = Waiting(self.name, "to be set up for a flight", 2 * PATIENCE.margin_s, self._last_words)

        def work() -> None:
            self._fit(value)
            self._flight = value
            status.finish()

        in_background(lambda: status.guard(work))
        return status

    def kickoff(self) -> Waiting:
        """Arm it for the flight that it was prepared for; the returned status ends when it waits for triggers."""
        flight = self._flight
        if flight is None:
            raise DeviceError(f"{self.name}: it is not prepared; prepare it with a flight first")
        status = Waiting(self.name, "to wait for triggers", 2 * PATIENCE.margin_s, self._last_words)

        def work() -> None:
            self.arm(flight.gates)
            status.finish()

        in_background(lambda: status.guard(work))
        return status

    def complete(self) -> Waiting:
        """Return the status that ends with the flight: it fails where this detector's rows do not agree."""
        if self._status is None:
            raise DeviceError(f"{self.name}: there is no flight to complete; kick off its flyer first")
        return self._status

    def collect_asset_docs(self, index: int | None = None) -> Iterator[Document]:
        """Yield the documents of the rows that the flyer has announced, too."""
        yield from self._documents.collect(self._agreed)

    def get_index(self) -> int:
        """Return how many rows are in the file."""
        return self._rows()

    def unstage(self) -> list[object]:
        """Leave nothing waiting behind, and close the file."""
        self._armed = False
        self._finish()
        return [self]

    def read_configuration(self) -> Any:
        """Return the configuration of the detector."""
        return self.detector.read_configuration()

    def describe_configuration(self) -> Any:
        """Return its data keys."""
        return self.detector.describe_configuration()

    # -- what the flyer does ----------------------------------------------------------------------------------------

    def take_off(self, status: Waiting, lost: Lost, gates: int = 0) -> None:
        """Take note that the flight begins: of its status, whom to tell what is lost, and how many gates are new.

        Raises
        ------
        DeviceError
            It is not armed.
        """
        if not self._armed:
            raise DeviceError(f"{self.name}: it is not armed: it would miss each gate; kick it off before the flyer")
        self._status, self._lost = status, lost
        self._asked += gates

    def arm(self, gates: int) -> None:
        """Let it wait for so many gates."""
        self._lost = None
        self._arm(gates)
        self._armed = True

    def disarm(self) -> None:
        """Let it wait no longer; returns when all that it took is written."""
        self._lost = None
        if self._armed:
            self._armed = False
            self._disarm()

    def prove(self, gates: int) -> None:
        """Wait for the rows of so many gates, and raise BadReading unless all of them are there."""
        self._wait(gates)
        self._judge(gates)
        self._lost, self._armed = None, False
        self._disarm()

    def cut(self, rows: int) -> None:
        """Keep so many rows of the file, and go on in another one."""
        if self._path() and self._rows():
            self._cut(rows)
        self._before += rows
        self._agreed = 0
        self._documents.begin()

    def agreeing(self, gates: tuple[str, str], first: int, rows: int) -> int:
        """Return how many of these rows, `first` of them known to, belong to the same gates as those of the flyer."""
        if not self.local_files or rows <= first:
            return rows
        own = self._columns()[f"{self.name}_gate"]
        return agreeing(gates, (self._path(), own.dataset), first, rows)

    def announce(self, rows: int) -> None:
        """Let so many rows be announced with the next `collect`."""
        if rows:
            self._documents.take(self._path(), self._columns())
        self._agreed = rows

    def _watch(self, *signals: DeviceSignal) -> None:
        """Look for what went wrong whenever one of these changes."""
        for signal in signals:
            signal.subscribe(self._changed, run=False)

    def _changed(self, **_: Any) -> None:
        if self._lost is not None and (flight := self._flight) is not None:
            in_background(lambda: self._look(flight.gates))

    def _look(self, gates: int) -> None:
        """Tell the flyer what was lost, once."""
        if self._lost is None or not (error := self._wrong(gates)):
            return
        lost, self._lost = self._lost, None
        if lost is not None:
            lost(error)

    def patience_s(self, gates: int) -> float:
        """Return the wall time that so many gates may take to be written, when all of them were made."""
        return PATIENCE.wall_seconds(0.0) + gates * self.gate_bytes / self.slowest_bytes_per_s

    # -- what the integrity report asks -----------------------------------------------------------------------------

    def frames_expected(self) -> int:
        """Return how many gates the flights so far were to have."""
        return self._asked

    def frames_in_files(self) -> int:
        """Return how many of them were announced, and are in their files now."""
        rows = self._documents.rows
        if not (rows and self.local_files):
            return self._before + rows
        return self._before + rows_there(self._documents.path, self._columns()[f"{self.name}_gate"].dataset, rows)

    def _last_words(self) -> str:
        return self.detector.status_text


def missed(name: str, lost: int, gates: int, made: int, kind: str) -> BadReading:
    """Return the error of triggers that were missed."""
    return BadReading(f"{name}: missed {lost} of {gates} gates: {made} {kind} were taken, rows and {kind} do not agree")
