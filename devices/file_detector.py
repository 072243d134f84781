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

from typing import Any

from devices.errors import BadReading, Stopped
from devices.frame_detector import FrameDetector
from devices.frame_files import frames_in
from devices.protocols import ValueOf
from devices.signals import Attr, Quantity, fetch_all
from devices.state import Fact, State, Stated, alarm, first_that_holds

COUNT = Quantity("int")
PIXEL_BYTES = 2  # unsigned, 16 bits


class FileDetector(FrameDetector):
    """A plain file-writing detector: a file for each trigger."""

    kind_of_device = "file_detector"

    acquire = Attr(Quantity("enum", enum=("Done", "Acquire"), writable=True), doc="write 1 to acquire")
    num_images = Attr(Quantity("int", writable=True), kind="config", doc="frames for each trigger")
    preset_time = Attr(Quantity("float", "s", writable=True), kind="config", doc="exposure of each frame")
    file_path = Attr(Quantity("string", writable=True), kind="config", doc="the directory where the files go")
    file_path_exists = Attr(Quantity("enum", enum=("No", "Yes")), doc="whether that directory exists")
    file_name = Attr(Quantity("string", writable=True), kind="config", doc="what their names begin with")
    full_name = Attr(Quantity("string"), kind="normal", name="{}_file", doc="the file last written")
    made = Attr(COUNT, doc="frames made, in the detector's life")
    written = Attr(COUNT, kind="hinted", name="{}_frames", doc="frames written in this acquisition")
    dropped = Attr(COUNT, kind="normal", doc="frames dropped in this acquisition")
    write_status = Attr(Quantity("enum", enum=("Ok", "Error")), doc="whether the writer is well")
    write_message = Attr(Quantity("string"), doc="what is wrong with it")
    width = Attr(COUNT, kind="config", doc="columns of a frame")
    height = Attr(COUNT, kind="config", doc="rows of a frame")

    @property
    def _frames_signal(self) -> Any:
        return self.num_images

    def _frame_shape(self) -> tuple[int, ...]:
        return int(self.height.sample.value), int(self.width.sample.value)

    def _frame_dtype(self) -> str:
        return "<u2"

    def _frame_bytes(self, value_of: ValueOf) -> float:
        return float(PIXEL_BYTES * value_of(self.width) * value_of(self.height))

    def exposures_made(self) -> int | None:
        """Return how many frames it has ever made, asked for now."""
        return int(self.made.fetch().value)

    # -- acquiring ------------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Refuse a directory that does not exist, before anything is exposed."""
        if self.file_path_exists.fetch().value != 1:
            raise BadReading(f"{self.name}: its directory {self.file_path.fetch().value!r} does not exist")
        return super().stage()

    def _before(self, frames: int) -> int:
        return int(self.made.fetch().value)

    def _judge(self, frames: int, before: int) -> str:
        status, made, written, dropped, file = fetch_all(
            (self.write_status, self.made, self.written, self.dropped, self.full_name)
        )
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
        return str(file.value)

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
