"""A fluorescence spectrometer on a trigger output of a gate unit: its mapping mode, one spectrum a gate.

Rows hold the gate's number, real and live time, the rates of pulses that came and that were counted, the sums of the
regions, as counted and corrected for dead time (times real over live time), and the spectrum.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, NamedTuple

from beam.errors import OutOfReach
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, Stopped, TimedOut
from devices.flight import Flight
from devices.frame_detector import SLOWEST_BYTES_PER_S
from devices.gated import Gated, missed
from devices.gated_documents import Column
from devices.row_documents import CHUNK_ROWS, WHERE
from devices.settling import apply, wait_until
from devices.signals import DeviceSignal, fetch_all
from devices.spectrometer import Spectrometer

CORRECTED = "_corrected"
TIMES = {"real_time": "s", "live_time": "s", "icr": "1/s", "ocr": "1/s"}
CHUNK_SPECTRA = 16
PART_MARGIN = 1.001
MODES = ("MCA spectra", "MCA mapping")


class Before(NamedTuple):
    """The counters before it was armed."""

    stored: int
    missed: int


class GatedSpectrometer(Gated):
    """A spectrometer that a gate unit triggers.

    Parameters
    ----------
    spectrometer
        The spectrometer; it has a mapping mode.
    """

    def __init__(self, spectrometer: Spectrometer) -> None:
        super().__init__(spectrometer, slowest_bytes_per_s=SLOWEST_BYTES_PER_S)
        self.spectrometer, self.mapping = spectrometer, spectrometer.mapping_mode
        self._counters = Before(0, 0)
        self._watch(self.mapping.missed, self.mapping.overrun, self.mapping.write_status)

    # -- what it can do ---------------------------------------------------------------------------------------------

    @property
    def shortest_s(self) -> float:
        """The shortest gate of its mapping mode."""
        facts = self.spectrometer.facts.mapping
        assert facts is not None
        return facts.shortest_gate_s

    @property
    def gate_bytes(self) -> float:
        """A spectrum, and the numbers beside it."""
        facts = self.spectrometer.facts
        return 4.0 * facts.channels + 8.0 * (1 + len(TIMES) + 2 * len(facts.regions))

    def directory(self) -> Path:
        """Return where it writes, as its server sees it."""
        return Path(str(self.mapping.file_path.sample.value))

    def check_flight(self, flight: Flight) -> None:
        """Refuse gates that are too short, or more spectra a second than its store sustained."""
        super().check_flight(flight)
        facts = self.spectrometer.facts.mapping
        assert facts is not None
        rate = facts.stored_rows_per_s
        if self.mapping.store_rate.connected and (probed := float(self.mapping.store_rate.sample.value)) > 0:
            rate = min(rate, probed)
        if 1.0 / flight.shortest_s > rate and flight.gates > facts.buffer_rows:
            raise OutOfReach(
                f"{self.name}: {1.0 / flight.shortest_s:.4g} spectra a second, more than its buffer of "
                f"{facts.buffer_rows} holds; its store sustained {rate:.4g} a second in a probe: gates of "
                f"{PART_MARGIN / rate:.3g} s or longer would do"
            )

    # -- setting up -------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self.spectrometer.counting.fetch().value or self.mapping.acquire.fetch().value:
            raise Busy(f"{self.name}: it counts already; stop it first")
        for region in self.spectrometer.regions.values():
            region.check_place()
        apply([(self.mapping.mode, MODES[1])])
        self._open()

    def _open(self) -> None:
        mapping = self.mapping
        if mapping.capture.fetch().value:  # left by somebody
            self._write(mapping.capture, "Done")
        self._write(mapping.capture, "Capture")
        state, message = fetch_all((mapping.write_status, mapping.write_message))
        if state.value or not mapping.capture.fetch().value:
            raise BadReading(f"{self.name}: no file could be opened: {message.value}")
        fetch_all((mapping.full_name, mapping.stored, mapping.store_rate))

    def _finish(self) -> None:
        mapping = self.mapping
        if not mapping.capture.connected:
            return
        if mapping.acquire.fetch().value:
            self._disarm()
        self._write(mapping.capture, "Done")
        apply([(mapping.mode, MODES[0])])

    def _fit(self, flight: Flight) -> None:
        self.check_flight(flight)

    def _write(self, signal: DeviceSignal, value: Any) -> None:
        written = threading.Event()
        signal.start(value, written.set)
        if not written.wait(2 * PATIENCE.margin_s):
            raise TimedOut(f"{self.name}: waited {2 * PATIENCE.margin_s:g} s for {signal.address} to take {value}")

    # -- flying -----------------------------------------------------------------------------------------------------

    def _arm(self, gates: int) -> None:
        mapping = self.mapping
        if mapping.acquire.fetch().value:
            self._disarm()
        apply([(mapping.pixels_per_run, gates)])
        self._counters = self._count()
        self._taken = taken = threading.Event()
        mapping.acquire.start("Acquire", taken.set)
        wait_until(self.name, mapping.acquire, lambda state: state == "Acquire" or taken.is_set(), "to wait for gates")
        if taken.is_set():
            raise BadReading(f"{self.name}: does not wait for gates: {mapping.acquire.refusal or 'without a word'}")

    def _disarm(self) -> None:
        self.mapping.acquire.start("Done")
        if not self._taken.wait(self.patience_s(1000)):
            raise TimedOut(f"{self.name}: waited for its last spectra; {self.mapping.stored.last_words}")
        self.mapping.stored.fetch()

    def _wait(self, gates: int) -> None:
        if self._count().missed == self._counters.missed and not self._broken():
            self._taken.wait(self.patience_s(min(gates, 10_000)))
        if not self._taken.is_set():
            self._disarm()

    def _broken(self) -> bool:
        return any(one.value for one in fetch_all((self.mapping.write_status, self.mapping.overrun)))

    def _count(self) -> Before:
        return Before(*(int(one.value) for one in fetch_all((self.mapping.stored, self.mapping.missed))))

    def _judge(self, gates: int) -> None:
        if error := self._wrong(gates):
            raise error
        stored = self._count().stored - self._counters.stored
        if stored != gates:
            raise Stopped(f"{self.name}: {gates} gates were made, {stored} spectra stored: somebody stopped it")

    def _wrong(self, gates: int) -> BadReading | None:
        """Return what the counters say that went wrong."""
        before, now, mapping = self._counters, self._count(), self.mapping
        stored = now.stored - before.stored
        status, overrun, taken = (
            int(one.value) for one in fetch_all((mapping.write_status, mapping.overrun, mapping.current_pixel))
        )
        if status:
            message = mapping.write_message.fetch().value
            return BadReading(f"{self.name}: its writer failed after {stored} of {gates} spectra: {message}")
        if overrun:
            places = mapping.buffer_rows.sample.value
            return BadReading(f"{self.name}: its buffer of {places} spectra was full: some of {gates} are lost")
        if now.missed != before.missed:
            return missed(self.name, now.missed - before.missed, gates, taken, "spectra")
        return None

    # -- the file ---------------------------------------------------------------------------------------------------

    def _path(self) -> str:
        return str(self.mapping.full_name.sample.value)

    def _rows(self) -> int:
        return int(self.mapping.stored.sample.value)

    def _cut(self, rows: int) -> None:
        self._write(self.mapping.keep_rows, rows)
        self._write(self.mapping.capture, "Done")
        self._open()

    def _columns(self) -> dict[str, Column]:
        found = {f"{self.name}_{one}": Column(f"{WHERE}/{one}", CHUNK_ROWS) for one in ("gate", *TIMES)}
        for region in self.spectrometer.regions:
            for end in ("", CORRECTED):
                found[f"{self.name}_{region}{end}"] = Column(f"{WHERE}/{region}{end}", CHUNK_ROWS)
        return found | {f"{self.name}_spectrum": Column(f"{WHERE}/spectrum", CHUNK_SPECTRA)}

    @property
    def hints(self) -> dict[str, Any]:
        """Say that the regions are worth showing."""
        return {"fields": [f"{self.name}_{region}" for region in self.spectrometer.regions]}

    def describe_collect(self) -> dict[str, Any]:
        """Return the data keys of its rows."""
        found: dict[str, Any] = {}
        for key in self._columns():
            column = key.removeprefix(f"{self.name}_")
            unit = TIMES.get(column, "" if column == "gate" else "counts")
            found[key] = {
                "source": f"file of {self.spectrometer.address}",
                "dtype": "number",
                "dtype_numpy": "<f8",
                "shape": [],
                "external": "STREAM:",
            }
            if unit:
                found[key]["units"] = unit
        spectrum = found[f"{self.name}_spectrum"]
        spectrum |= {"dtype": "array", "dtype_numpy": "<u4", "shape": [self.spectrometer.facts.channels]}
        return found
