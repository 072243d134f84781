"""The file of a gate unit, or of a detector that it triggers: one for each capture, filled while gates come.

========  ==================  ==============================================================================
Capture   event               what happens
========  ==================  ==============================================================================
Done      put to 1            a file is opened; WriteStatus Ok, RowsStored 0; the store's rate is probed
Done      no file can be made WriteStatus Error with severity MAJOR, WriteMessage; Done
Capture   rows are stored     RowsStored
Capture   the writer fails    WriteStatus Error with severity MAJOR, WriteMessage; what comes is lost
Capture   put to 0            the file is closed, with KeepRows rows if that is not -1
========  ==================  ==============================================================================

The put of 1 completes when the file is there, that of 0 when it is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import caproto as ca

from ioc_sim.channels import Channels, Enum, Float, Int, LongText
from ioc_sim.errors import Refused
from ioc_sim.frame_writer import FrameWriter, free_path
from ioc_sim.gates.rows_file import Floats, cut, probe
from ioc_sim.gates.store import Store

MAJOR = ca.AlarmStatus.WRITE, ca.AlarmSeverity.MAJOR_ALARM
FINE = ca.AlarmStatus.NO_ALARM, ca.AlarmSeverity.NO_ALARM
OVERRUN = "BufferOverrun"


class Capture:
    """The channels of one file writer.

    Parameters
    ----------
    label
        Of the detector, for messages.
    directory
        Where its files go.
    name
        What their names begin with.
    writer
        Writes them; may be wrapped by a simulated fault, also while rows come.
    places
        Of the simulated buffer.
    rows_per_s
        What the simulated store takes.
    row_bytes
        Of a row.
    scale
        Tells how many device seconds pass in a second of wall time.
    busy
        Says whether rows may come: then it cannot be closed.
    """

    def __init__(
        self,
        label: str,
        directory: Path,
        name: str,
        writer: FrameWriter,
        *,
        places: int,
        rows_per_s: float,
        row_bytes: int,
        scale: Callable[[], float],
        busy: Callable[[], bool],
    ) -> None:
        self._label, self._directory, self._name, self._row_bytes = label, directory, name, row_bytes
        self._scale, self._busy = scale, busy
        self.writer, self.rows_per_s = writer, rows_per_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"rows-{name}")
        self._store = Store(places, self._thread, self._stored, self._failed)
        self.stored, self.waiting = Int(0), Int(0)
        self.overrun = Enum("No", ("No", "Yes"))
        self.store_rate = Float(rows_per_s, units="1/s", precision=0)
        self.capture = Enum("Done", ("Done", "Capture"), on_put=self._put)
        self.keep_rows = Int(-1, low=-1, high=2**31 - 1, on_put=_keep)
        self.file_number = Int(1, low=0, high=10**6, on_put=_keep)
        self.full_name = LongText(max_length=512)
        self.write_status, self.write_message = Enum("Ok", ("Ok", "Error")), LongText(max_length=1024)
        self.named: Channels = {
            "RowsStored_RBV": self.stored,
            "RowsWaiting_RBV": self.waiting,
            "BufferRows_RBV": Int(places),
            OVERRUN: self.overrun,
            "StoreRate_RBV": self.store_rate,
            "Capture": self.capture,
            "KeepRows": self.keep_rows,
            "FilePath_RBV": LongText(f"{directory}/", max_length=512),
            "FileNumber": self.file_number,
            "FullFileName_RBV": self.full_name,
            "WriteStatus": self.write_status,
            "WriteMessage": self.write_message,
        }

    @property
    def is_open(self) -> bool:
        """Whether there is a file."""
        return self._store.is_open

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return self._store.rows

    @property
    def overflowed(self) -> bool:
        """Whether the buffer was full, and rows were lost."""
        return self._store.overflow

    @property
    def broken(self) -> bool:
        """Whether the writer failed, and rows were lost."""
        return self._store.broken

    def begin(self) -> None:
        """Begin a flight with an empty buffer."""
        self._store.begin()
        self.show()

    async def offer(self, block: Floats, at_s: float) -> None:
        """Take rows that were made up to a time of the flight."""
        await self._store.offer(block, at_s, self.rows_per_s, self.writer)
        self.show()

    def show(self) -> None:
        """Publish how many rows wait."""
        self.waiting.update(self._store.waiting)
        self.overrun.update("Yes" if self._store.overflow else "No")

    async def drained(self) -> None:
        """Wait until all that was offered is on disk, or lost."""
        await self._store.drained()
        self.show()

    async def close(self) -> None:
        """Close the file: the server ends."""
        await self._store.close()

    async def _put(self, value: str) -> None:
        if value == "Done":
            await self._close()
        elif not self._store.is_open:
            await self._open()

    async def _open(self) -> None:
        self.write_message.update("")
        self.write_status.post("Ok", status=FINE[0], severity=FINE[1])
        self.overrun.update("No")
        self.stored.post(0)
        try:
            path, number = await self._in_thread(self._place, self.file_number.value)
            await self._store.open(self.writer, path)
            rate = await self._in_thread(probe, self._directory) / self._row_bytes * self._scale()
        except (OSError, ValueError, RuntimeError) as error:
            self._failed(str(error))
            self.capture.post("Done")
            return
        self.store_rate.post(min(self.rows_per_s, rate))
        self.full_name.post(str(path))
        self.file_number.post(number + 1)

    async def _close(self) -> None:
        if self._busy():
            self.capture.post("Capture")
            raise Refused(f"{self._label}: Capture Done while rows come; stop it first")
        keep, path = self.keep_rows.value, Path(self.full_name.value)
        was_open = self._store.is_open
        await self._store.close()
        self.keep_rows.post(-1)
        if was_open and 0 <= keep < self.stored.value:
            await self._in_thread(cut, path, keep)
            self.stored.post(keep)

    def _place(self, number: int) -> tuple[Path, int]:
        self._directory.mkdir(parents=True, exist_ok=True)
        return free_path(str(self._directory), self._name, number)

    def _stored(self, rows: int) -> None:
        self.stored.post(rows)

    def _failed(self, message: str) -> None:
        self.write_message.post(message[:1000])
        self.write_status.post("Error", status=MAJOR[0], severity=MAJOR[1])

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


async def _keep(_: Any) -> None:
    """Do nothing: it counts when the file is opened or closed."""
