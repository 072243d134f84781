"""A detector that writes the frames of each trigger to one HDF5 file of its own.

Nothing that its server says of itself is taken for success: after the acquisition ends, the writer's status, the
counters of frames made, written and dropped, and the file itself must all agree with what was asked for. They are
asked for after the put has completed; the number of exposures in the detector's life proves that it was this trigger.

======================  ======================================================================================
after the acquisition   the trigger fails
======================  ======================================================================================
writer's status         ``Error``: with the writer's own message
frames dropped          not 0
frames made             not as many as asked for: somebody stopped it
frames written          not as many as asked for
the file                is not there, cannot be read, or holds another number of frames; not looked at where
                        the directory of the files is not to be seen from here
======================  ======================================================================================
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, NotConnected, Stopped
from devices.signals import Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.waiting import Waiting, in_background

FRAMES = "entry/data/data"
COUNT = Quantity("int")


class FileDetector(Instrument):
    """A plain file-writing detector.

    Parameters
    ----------
    address
        Its prefix.
    local_files
        Whether its files can be opened from here; on a beamline whose detector writes elsewhere they cannot.
    """

    kind_of_device = "file_detector"

    acquire = Attr(Quantity("enum", enum=("Done", "Acquire"), writable=True), doc="write 1 to acquire")
    num_images = Attr(Quantity("int", writable=True), kind="config", doc="frames for each trigger")
    preset_time = Attr(Quantity("float", "s", writable=True), kind="config", doc="exposure of each frame")
    directory = Attr(Quantity("string", writable=True), kind="config", doc="where the files go")
    directory_exists = Attr(Quantity("enum", enum=("No", "Yes")), doc="whether that directory exists")
    file_name = Attr(Quantity("string", writable=True), kind="config", doc="what their names begin with")
    full_name = Attr(Quantity("string"), kind="normal", name="{}_file", doc="the file last written")
    made = Attr(COUNT, doc="frames made, in the detector's life")
    written = Attr(COUNT, kind="hinted", name="{}_frames", doc="frames written in this acquisition")
    dropped = Attr(COUNT, kind="normal", doc="frames dropped in this acquisition")
    write_status = Attr(Quantity("enum", enum=("Ok", "Error")), doc="whether the writer is well")
    write_message = Attr(Quantity("string"), doc="what is wrong with it")
    width = Attr(COUNT, kind="config", doc="columns of a frame")
    height = Attr(COUNT, kind="config", doc="rows of a frame")

    def __init__(self, address: str, *, name: str, local_files: bool = True, **kwargs: Any) -> None:
        self.local_files = local_files
        self._status: Waiting | None = None
        self._lock = threading.Lock()
        self._files: dict[str, int] = {}  # what was asked for in each file since this object was made
        kwargs.setdefault("labels", {"detectors"})
        super().__init__(address, name=name, **kwargs)
        self.acquire.subscribe(self._connection_changed, event_type="meta", run=False)

    # -- what a check before the run asks -------------------------------------------------------------------------

    @property
    def bytes_per_trigger(self) -> int:
        """The bytes that one trigger writes."""
        return int(2 * self.width.sample.value * self.height.sample.value * self.num_images.sample.value)

    # -- acquiring ------------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Refuse a directory that does not exist, before anything is exposed."""
        if self.directory_exists.fetch().value != 1:
            raise BadReading(f"{self.name}: its directory {self.directory.fetch().value!r} does not exist")
        return super().stage()

    def trigger(self) -> Any:
        """Take one file; the returned status ends when all its frames are proven to be in it."""
        with self._lock:
            if self._status is not None and not self._status.done:
                raise Busy(f"{self.name}: triggered while it still acquires; wait or stop it first")
            frames, exposure_s = int(self.num_images.sample.value), self.preset_time.sample.value
            status = self._status = Waiting(
                self.name,
                f"{frames} frames of {exposure_s:g} s each",
                PATIENCE.wall_seconds(frames * exposure_s),
                lambda: str(self.written.last_words),
            )

        def begin() -> None:
            before = int(self.made.fetch().value)
            self.acquire.start("Acquire", lambda: in_background(lambda: status.guard(lambda: ended(before))))

        def ended(before: int) -> None:
            if not status.done:
                self._judge(frames, before)
                status.finish()

        in_background(lambda: status.guard(begin))
        return status

    def _judge(self, frames: int, before: int) -> None:
        asked = (self.write_status, self.made, self.written, self.dropped, self.full_name)
        for signal in asked:
            signal.ask()
        status, made, written, dropped, file = (signal.fetch() for signal in asked)
        made_now = int(made.value) - before
        if status.value != 0:
            message = self.write_message.fetch().value
            raise BadReading(f"{self.name}: its writer failed after {written.value} of {frames} frames: {message}")
        if dropped.value:
            raise BadReading(f"{self.name}: dropped {dropped.value} of {frames} frames ({file.value})")
        if made_now != frames:
            raise Stopped(f"{self.name}: made {made_now} of {frames} frames: somebody stopped it ({file.value})")
        if written.value != frames:
            raise BadReading(f"{self.name}: wrote {written.value} of {frames} frames to {file.value}")
        if self.local_files and (found := frames_in(file.value)) != frames:
            raise BadReading(f"{self.name}: {file.value} holds {found} of {frames} frames")
        self._files[str(file.value)] = frames

    def stop(self, *, success: bool = False) -> None:
        """Stop acquiring."""
        status, self._status = self._status, None
        if status is None or status.done:
            return
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
        """Leave nothing acquiring behind."""
        self.stop(success=True)
        return super().unstage()

    # -- what the integrity report asks ---------------------------------------------------------------------------

    def frames_expected(self) -> int:
        """Return the number of frames that the triggers which ended well asked for."""
        return sum(self._files.values())

    def frames_in_files(self) -> int:
        """Return the number of frames that are in their files now."""
        return sum(frames_in(path) if self.local_files else count for path, count in self._files.items())

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        status = self._status
        if not connected and status is not None:
            lost = f"{self.name}: lost its server while acquiring; {self.written.last_words}"
            status.fail(NotConnected(lost))

    def report_state(self) -> Stated:
        """Return the state from the writer and the acquisition."""
        status = self.write_status.sample
        return first_that_holds(
            (
                Fact(status.value != 0, State.FAULT, f"the writer failed: {self.write_message.sample.value}"),
                alarm(status.severity, "the writer"),
                Fact(bool(self.acquire.sample.value), State.RUNNING, f"acquires, {self.written.sample.value} frames"),
            ),
            Stated(State.ON, f"ready for {self.num_images.sample.value} x {self.preset_time.sample.value:g} s"),
        )


def frames_in(path: str) -> int:
    """Return the number of frames in a file; 0 if it is not there or cannot be read."""
    import h5py

    try:
        with h5py.File(Path(path), "r") as file:
            return int(file[FRAMES].shape[0])  # pyright: ignore[reportAttributeAccessIssue]
    except (OSError, KeyError, AttributeError):
        return 0
