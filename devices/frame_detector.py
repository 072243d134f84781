"""What detectors have in common that write their frames to HDF5 files: one trigger, its proof, its documents.

Nothing that a server says of itself is taken for success. What is proven, and how, each kind says (`_judge`); here is
what happens around it.

=============================  ===============================================================================
event                          what happens
=============================  ===============================================================================
trigger                        asks what was there before, then writes `acquire`; refused while another one runs
the put of `acquire` ends      all is asked for anew and judged; the trigger ends well or fails
the writer says it failed      the acquisition is stopped, so that nobody waits for frames that are lost
stop, lost server, deadline    the trigger fails, with what was seen last
=============================  ===============================================================================
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from ophyd import Staged

from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, NotConnected, Stopped
from devices.frame_documents import Document, FrameDocuments
from devices.frame_files import FRAMES, frames_in
from devices.protocols import ValueOf
from devices.signals import DeviceSignal
from devices.waiting import Waiting, in_background

SLOWEST_BYTES_PER_S = 1e7
"""Reading out, rendering and writing are at least as fast as this, in wall time."""


class FrameDetector(Instrument):
    """A detector that writes frames; its kinds declare the signals and say what proves a trigger.

    Parameters
    ----------
    address
        Its prefix.
    local_files
        Whether its files can be opened from here; on a beamline whose detector writes elsewhere they cannot.
    """

    swmr: ClassVar[bool] = False
    """Whether a file can be read while it is written."""

    # declared by each kind
    acquire: Any
    preset_time: Any
    file_path: Any
    written: Any
    write_status: Any

    def __init__(self, address: str, *, name: str, local_files: bool = True, **kwargs: Any) -> None:
        self.local_files = local_files
        self._status: Waiting | None = None
        self._lock = threading.Lock()
        self._files: dict[str, int] = {}  # what was asked for in each file since this object was made
        self._described: list[int] | None = None
        self._documents = FrameDocuments(f"{name}_image", FRAMES, swmr=self.swmr)
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(address, name=name, **kwargs)
        self.acquire.subscribe(self._connection_changed, event_type="meta", run=False)
        self.write_status.subscribe(self._writer_changed, run=False)

    # -- what each kind says --------------------------------------------------------------------------------------

    @property
    def _frames_signal(self) -> Any:
        """What says how many frames a trigger takes."""
        raise NotImplementedError

    def _frame_s(self, value_of: ValueOf) -> float:
        """Return how long a frame takes, in device seconds."""
        return float(value_of(self.preset_time))

    def _frame_shape(self) -> tuple[int, ...]:
        """Return the shape of one frame in its file."""
        raise NotImplementedError

    def _frame_dtype(self) -> str:
        """Return the type of its pixels, as numpy writes it."""
        raise NotImplementedError

    def _frame_bytes(self, value_of: ValueOf) -> float:
        """Return the bytes of one frame."""
        raise NotImplementedError

    def _before(self, frames: int) -> Any:
        """Return what is known before a trigger, or raise what forbids it."""
        raise NotImplementedError

    def _judge(self, frames: int, before: Any) -> str:
        """Return the file that proves to hold the frames; raise what is wrong."""
        raise NotImplementedError

    # -- what a check before the run asks -------------------------------------------------------------------------

    def trigger_bytes(self, value_of: ValueOf) -> float:
        """Return how many bytes one trigger writes."""
        return float(value_of(self._frames_signal)) * self._frame_bytes(value_of)

    def trigger_s(self, value_of: ValueOf) -> float:
        """Return how long one trigger takes, in device seconds."""
        return float(value_of(self._frames_signal)) * self._frame_s(value_of)

    def directory(self, value_of: ValueOf) -> Path:
        """Return where it writes, as its server sees it."""
        return Path(value_of(self.file_path))

    # -- acquiring ------------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Begin anew: another file, perhaps frames of another size."""
        self._documents.begin()
        self._described = None
        return super().stage()

    def trigger(self) -> Any:
        """Take the frames; the returned status ends when all of them are proven to be in their file."""
        with self._lock:
            if self._status is not None and not self._status.done:
                raise Busy(f"{self.name}: triggered while it still acquires; wait or stop it first")
            frames, frame_s = int(_now(self._frames_signal)), self._frame_s(_now)
            status = self._status = Waiting(
                self.name,
                f"{frames} frames of {frame_s:g} s each",
                PATIENCE.wall_seconds(frames * frame_s) + self.trigger_bytes(_now) / SLOWEST_BYTES_PER_S,
                lambda: str(self.written.last_words),
            )

        def begin() -> None:
            before = self._before(frames)
            if not status.done:
                self.acquire.start("Acquire", lambda: in_background(lambda: status.guard(lambda: ended(before))))

        def ended(before: Any) -> None:
            if status.done:
                return
            path = self._judge(frames, before)
            if self._described is not None and self._described != self._shape(frames):
                raise BadReading(
                    f"{self.name}: a point has the shape {self._shape(frames)}, it was {self._described} when the run "
                    "began; size, type and number of frames stay as they are while it is staged"
                )
            self._files[path] = self._files.get(path, 0) + frames
            self._documents.wrote(path)
            status.finish()

        in_background(lambda: status.guard(begin))
        return status

    def stop(self, *, success: bool = False) -> None:
        """Stop acquiring."""
        status, self._status = self._status, None
        if status is None or status.done:
            return
        status.give_up()
        if self.acquire.connected:
            self.acquire.start("Done")
        if success:
            status.finish()
        else:
            status.fail(Stopped(f"{self.name}: stopped while acquiring; {self.written.last_words}"))

    def pause(self) -> None:
        """Give up the acquisition under way: a plan that goes on triggers again."""
        self.stop(success=True)

    def unstage(self) -> list[object]:
        """Leave nothing acquiring behind, also where nobody waits for it any more."""
        self.stop(success=True)
        if self.acquire.connected and self.acquire.sample.value:
            self.acquire.start("Done")
        return super().unstage()

    def _writer_changed(self, value: Any = None, **_: Any) -> None:
        status = self._status
        if status is not None and not status.done and value == self.write_status.quantity.enum[1]:
            self.acquire.start("Done")  # its completion finds out what there is to say

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        status = self._status
        if not connected and status is not None:
            lost = f"{self.name}: lost its server while acquiring; {self.written.last_words}"
            status.fail(NotConnected(lost))

    # -- documents ------------------------------------------------------------------------------------------------

    def _shape(self, frames: int) -> list[int]:
        shape = list(self._frame_shape())
        return shape if frames == 1 else [frames, *shape]

    def describe(self) -> Any:
        """Return the data keys of the readings, and that of the frames, which are in files."""
        shape = self._shape(int(_now(self._frames_signal)))
        if self._staged is Staged.yes:
            shape = self._described = self._described or shape  # a stream has one shape
        keys: Any = super().describe()
        keys[self._documents.data_key] = {
            "source": f"file of {self.address}",
            "dtype": "array",
            "dtype_numpy": self._frame_dtype(),
            "shape": shape,
            "external": "STREAM:",
        }
        return keys

    def collect_asset_docs(self) -> Iterator[Document]:
        """Yield the documents that say where the frames of the last triggers are."""
        yield from self._documents.collect()

    # -- what the integrity report asks ---------------------------------------------------------------------------

    def frames_expected(self) -> int:
        """Return the number of frames that the triggers which ended well asked for."""
        return sum(self._files.values())

    def frames_in_files(self) -> int:
        """Return the number of frames of these triggers that are in their files now."""
        if not self.local_files:
            return self.frames_expected()
        return sum(min(asked, self._count(path)) for path, asked in self._files.items())

    def _count(self, path: str) -> int:
        return frames_in(path, being_written=self.swmr)


def _now(signal: Any) -> Any:
    """Return the value that a signal has now."""
    return signal.sample.value if isinstance(signal, DeviceSignal) else signal.get()
