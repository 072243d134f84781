"""The mapping mode of a pulse processor (after XIA's xMAP): a spectrum for each gate of a gate unit, into one file.

=======  ============================  =================================================================================
Acquire  event                         what happens
=======  ============================  =================================================================================
Done     put to 1                      refused unless CollectMode is MCA mapping and a file is open (Capture), and while
                                       the mca record counts; otherwise CurrentPixel 0, and it waits for gates
Done     a gate                        PixelsMissed_RBV +1
Acquire  a gate                        a spectrum: CurrentPixel +1; it waits in the buffer to be stored
Acquire  a gate that is too short      PixelsMissed_RBV +1
Acquire  buffer full, writer fails     BufferOverrun Yes; WriteStatus Error: spectra are lost
Acquire  PixelsPerRun are stored       Done; the puts of Acquire complete (0: no such end)
Acquire  put to 0                      likewise, with those that there are
=======  ============================  =================================================================================

A row of the file is a gate: its number, real and live time, input and output rate, the sums of the mca record's regions
as they were when it was armed, each as counted and corrected for dead time (times real over live time), the spectrum.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from beam.detector_kinds import FluorescenceSpectrometer
from beam.gated_pulses import GatedPulses
from beam.line import Line
from ioc_sim.acquire_channel import Acquire
from ioc_sim.channels import Channels, Enum, Float, Int
from ioc_sim.errors import Refused
from ioc_sim.frame_writer import FrameWriter
from ioc_sim.gates.capture import Capture
from ioc_sim.gates.spectra_file import SpectraFile
from ioc_sim.gates.triggers import Gates
from ioc_sim.records.mca import McaRecord
from ioc_sim.station import Station

Floats: TypeAlias = npt.NDArray[np.float64]

CORRECTED = "_corrected"
TIMES = {"gate": "", "real_time": "s", "live_time": "s", "icr": "1/s", "ocr": "1/s"}
MODES = ("MCA spectra", "MCA mapping")


class MappingGroup:
    """The channels of the mapping mode of one spectrometer.

    Attributes
    ----------
    loses : Callable[[], bool]
        Whether the next gate is missed; replaced by a simulated fault.
    """

    def __init__(self, name: str, facts: FluorescenceSpectrometer, station: Station, record: McaRecord) -> None:
        mapping = facts.mapping
        assert mapping is not None
        self._name, self._facts, self._mapping, self._record = name, facts, mapping, record
        self._line = cast(Line, station.line)
        self._pulses = GatedPulses(station.line.seed, name, facts)
        self.loses: Callable[[], bool] = lambda: False
        columns = TIMES | {f"{region}{end}": "counts" for region in facts.regions for end in ("", CORRECTED)}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"spectra-{name}")
        writer: FrameWriter = SpectraFile(facts.prefix, columns, facts.channels)  # pyright: ignore[reportAssignmentType]
        self.file = Capture(
            facts.label,
            Path(station.files) / name,
            "map",
            writer,
            places=mapping.buffer_rows,
            rows_per_s=mapping.stored_rows_per_s,
            row_bytes=8 * len(columns) + 4 * facts.channels,
            scale=lambda: station.time.scale,
            busy=lambda: self.acquiring,
        )
        self._regions: list[tuple[int, int]] = []
        self._all = asyncio.Event()
        self.mode = Enum(MODES[0], MODES, on_put=self._put_mode)
        self.pixels = Int(0, low=0, high=2**31 - 1, on_put=_keep)
        self.acquire = Acquire(self._acquire)
        self.current, self.missed = Int(0), Int(0)
        named: Channels = {
            "CollectMode": self.mode,
            "PixelAdvanceMode": Enum("Gate", ("Gate",)),
            "PixelsPerRun": self.pixels,
            "Acquire": self.acquire,
            "CurrentPixel": self.current,
            "PixelsMissed_RBV": self.missed,
            "ShortestGate_RBV": Float(mapping.shortest_gate_s, units="s", precision=6),
            **self.file.named,
        }
        self.channels: Channels = {f"{facts.prefix}:{suffix}": channel for suffix, channel in named.items()}

    @property
    def acquiring(self) -> bool:
        """Whether it waits for gates."""
        return self.acquire.value == "Acquire"

    async def finish(self) -> None:
        """Close the file: the server ends."""
        await self.file.close()

    async def _put_mode(self, mode: str) -> None:
        if self.acquiring:
            self.mode.post(MODES[1])
            if mode != MODES[1]:
                raise Refused(f"{self._facts.label}: CollectMode while it acquires; stop it first")

    async def _acquire(self, stop: asyncio.Event) -> None:
        if self.mode.value != MODES[1]:
            raise Refused(f"{self._facts.label}: CollectMode is {self.mode.value}; {MODES[1]} is wanted")
        if not self.file.is_open:
            raise Refused(f"{self._facts.label}: no file is open; Capture first")
        if self._record.values["ACQG"]:
            raise Refused(f"{self._facts.label}: it counts a spectrum; stop that first")
        values = self._record.values
        self._regions = [(int(values[f"R{n}LO"]), int(values[f"R{n}HI"])) for n in range(len(self._facts.regions))]
        self.current.post(0)
        self._all.clear()
        waits = [asyncio.create_task(one.wait()) for one in (self._all, stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        await self.file.drained()

    # ---- on a trigger output

    async def prepare(self) -> None:
        """Read the tables that the sample's fluorescence needs."""
        if not self._line.prepared(self._name):
            await asyncio.to_thread(self._line.prepare, self._name)

    def light(self, line: Line, /) -> Floats:
        """Return the pulses a second by channel, and all of them."""
        return self._pulses.rates(line.emitted(self._name))

    def begin(self) -> None:
        """Take note that a flight begins."""
        self.file.begin()

    async def take(self, gates: Gates, light: Floats, stop: asyncio.Event, /) -> None:
        """Count in these gates."""
        taken = np.array([self._takes(one) for one in (gates.end_s - gates.begin_s).tolist()], dtype=np.bool_)
        if self.pixels.value:
            taken &= np.cumsum(taken) <= self.pixels.value - self.current.value
        if (lost := int(np.count_nonzero(~taken))) > 0:
            self.missed.post(self.missed.value + lost)
        if not taken.any():
            return
        block = await asyncio.get_running_loop().run_in_executor(self._thread, self._rows, gates, light, taken)
        await self.file.offer(block, float(gates.end_s[-1]))
        self.current.post(self.current.value + block.shape[1])
        if 0 < self.pixels.value <= self.current.value:
            self._all.set()

    def _takes(self, lasts_s: float) -> bool:
        lost = self.loses()
        return self.acquiring and not lost and lasts_s > self._mapping.shortest_gate_s * (1 - 1e-6)

    def _rows(self, gates: Gates, light: Floats, taken: npt.NDArray[np.bool_]) -> Floats:
        """Return the rows of gates, shape (columns + channels, n); in a worker thread."""
        real = np.round(gates.end_s - gates.begin_s, 12)
        numbers = gates.first + np.arange(len(gates))
        seen = self._pulses.count(gates.first, light * gates.current_ma[:, None], real)
        columns = [numbers.astype(np.float64), seen.real_s, seen.live_s, seen.input_hz, seen.output_hz]
        for low, high in self._regions:
            counts = seen.counts[:, max(low, 0) : high + 1].sum(axis=1)
            columns += [counts, counts * seen.real_s / seen.live_s]
        return np.concatenate((np.array(columns), seen.counts.T))[:, taken]


async def _keep(_: Any) -> None:
    """Do nothing: it counts from the next acquisition on."""
