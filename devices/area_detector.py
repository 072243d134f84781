"""An EPICS areaDetector: a camera whose HDF5 plugin writes its frames to files, proven one trigger at a time.

The plugin is set up by `stage`: nobody needs to prime it, name files, or open them. areaDetector lets an acquisition
end well whatever became of its frames, so after each one all is asked for and must agree:

======================  ======================================================================================
after the acquisition   the trigger fails
======================  ======================================================================================
``WriteStatus``         not ``Write OK``: with the plugin's own message; the camera is stopped as soon as it says so
``DroppedArrays``       has grown
camera's frames         ``ArrayCounter`` has not grown by as many as asked for: somebody stopped it
``NumCaptured``         has not grown by as many
size, type              are not as they were when the run began
the file                is not there, cannot be read, or holds another number of frames; not looked at where its
                        directory is not to be seen from here
statistics              are of another frame than the last one
======================  ======================================================================================

Where a trigger takes one frame, all frames between stage and unstage go to one file. Its rows are the events of one
stream, in their order: a frame that belongs to no event (its point was dropped, or its acquisition stopped) would shift
those behind it. Then a new file is begun where the old one has no rows yet, and the trigger refused otherwise; unless
each trigger has a file of its own (`file_per_trigger`), as it has where it takes several frames.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ophyd import Component, Signal

from devices.area_plugins import NUMBER, PORT, SWITCH, YES_NO, Region, Statistics
from devices.base import Part
from devices.deadlines import PATIENCE
from devices.errors import BadReading, Busy, NotTaken, Stopped, TimedOut
from devices.frame_detector import FrameDetector
from devices.frame_files import frames_in
from devices.protocols import ValueOf
from devices.settling import Setting, apply, wait_until
from devices.signals import Attr, Quantity, fetch_all
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.waiting import Waiting, in_background

DTYPES = {
    "Int8": "|i1", "UInt8": "|u1", "Int16": "<i2", "UInt16": "<u2", "Int32": "<i4", "UInt32": "<u4",
    "Int64": "<i8", "UInt64": "<u8", "Float32": "<f4", "Float64": "<f8",
}  # fmt: skip
"""areaDetector's types of pixels, as numpy writes them."""
COLOURS = {"RGB1": (1, 2, 0), "RGB2": (1, 0, 2), "RGB3": (0, 1, 2)}
"""In which order colours, rows and columns lie in a file."""
TEMPLATE = "%s%s_%3.3d.h5"
LATE_S = 2.0
"""A counter that comes after the put's completion comes within this."""
COUNT = Quantity("int")
PIXEL_TYPE = Quantity("enum", enum=tuple(DTYPES))
TIME = Quantity("float", "s")
PRESET = Quantity("float", "s", writable=True)
WHOLE = Quantity("int", writable=True)
NAME = Quantity("string", writable=True)


class Before(NamedTuple):
    """The counters before a trigger."""

    made: int
    written: int
    dropped: int


class AreaDetector(FrameDetector):
    """A camera and its HDF5 plugin; make one with `AreaDetector.with_plugins`.

    `frames` is the number of frames for each trigger, 1 unless somebody sets another.
    """

    kind_of_device = "area_detector"
    swmr = True

    frames = Component(Signal, value=1, kind="omitted", doc="frames for each trigger")
    acquire = Attr(Quantity("enum", enum=("Done", "Acquire"), writable=True), doc="write 1 to acquire")
    image_mode = Attr(Quantity("enum", enum=("Single", "Multiple", "Continuous"), writable=True), doc="image mode")
    trigger_mode = Attr(
        Quantity("enum", enum=("Internal", "External", "External gate"), writable=True), kind="config", doc="trigger"
    )
    wait_for_plugins = Attr(YES_NO, doc="whether the end of an acquisition waits for the plugins")
    callbacks = Attr(SWITCH, doc="whether the camera hands its frames on")
    num_images = Attr(WHOLE, doc="written by the trigger, see `frames`")
    images_taken_over = Attr(COUNT, kind="config", name="{}_num_images", doc="frames for each trigger")
    preset_time = Attr(PRESET, doc="exposure of each frame, as asked for")
    exposure = Attr(TIME, kind="config", doc="exposure of each frame")
    preset_period = Attr(PRESET, doc="least time between frames, as asked for")
    period = Attr(TIME, kind="config", doc="least time between frames")
    gain = Attr(NUMBER, kind="config", doc="gain")
    made = Attr(COUNT, doc="frames made")
    camera_state = Attr(
        Quantity(
            "enum",
            enum=(
                *("Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting"),
                *("Error", "Waiting", "Initializing", "Disconnected", "Aborted"),
            ),
        ),
        doc="what the camera does",
    )
    camera_message = Attr(Quantity("string"), doc="what it says about it")
    camera_port = Attr(Quantity("string"), doc="by which plugins find the camera")
    camera_type = Attr(PIXEL_TYPE, doc="type of the camera's pixels")
    camera_width = Attr(COUNT, kind="config", doc="columns that are read, before binning")
    camera_height = Attr(COUNT, kind="config", doc="rows that are read, before binning")
    camera_left = Attr(COUNT, kind="config", doc="first column that is read")
    camera_top = Attr(COUNT, kind="config", doc="first row that is read")
    camera_bin_x = Attr(COUNT, kind="config", doc="columns in one")
    camera_bin_y = Attr(COUNT, kind="config", doc="rows in one")
    enabled = Attr(SWITCH, doc="whether the file plugin takes frames")
    blocking = Attr(YES_NO, kind="config", doc="whether the camera waits for the file plugin")
    listens_to = Attr(PORT, kind="config", doc="the port whose frames are written")
    width = Attr(COUNT, doc="columns of a frame in the file")
    height = Attr(COUNT, doc="rows of a frame in the file")
    data_type = Attr(PIXEL_TYPE, doc="type of its pixels")
    color_mode = Attr(Quantity("enum", enum=("Mono", "Bayer", *COLOURS, "YUV444", "YUV422", "YUV421")), doc="colours")
    frame_id = Attr(COUNT, doc="number of the last frame")
    dropped = Attr(COUNT, kind="normal", doc="frames dropped by the file plugin, ever")
    file_path = Attr(NAME, kind="config", doc="the directory where the files go; ends in a slash")
    file_path_exists = Attr(Quantity("enum", enum=("No", "Yes")), doc="whether that directory exists")
    file_name = Attr(NAME, doc="what their names begin with; set by `stage`")
    file_template = Attr(NAME, doc="how names are made")
    file_number = Attr(WHOLE, doc="of the next file")
    auto_increment = Attr(YES_NO, doc="whether each file has its own number")
    write_mode = Attr(Quantity("enum", enum=("Single", "Capture", "Stream"), writable=True), doc="mode")
    lazy_open = Attr(YES_NO, doc="whether a file is opened with its first frame")
    swmr_mode = Attr(Quantity("enum", enum=("Off", "On"), writable=True), doc="readable while it is written")
    flush_every = Attr(WHOLE, doc="frames between two flushes")
    num_capture = Attr(WHOLE, doc="frames in a file; 0: any number")
    capture = Attr(Quantity("enum", enum=("Done", "Capture"), writable=True), doc="write 1 to begin a file")
    capturing = Attr(Quantity("enum", enum=("Done", "Capturing")), doc="whether frames go to a file")
    written = Attr(COUNT, kind="hinted", name="{}_frames", doc="frames in the file")
    full_name = Attr(Quantity("string"), kind="normal", name="{}_file", doc="the file")
    write_status = Attr(Quantity("enum", enum=("Write OK", "Write error")), doc="whether the writer is well")
    write_message = Attr(Quantity("string"), doc="what is wrong with it")

    @classmethod
    def with_plugins(cls, address: str, plugins: Sequence[str], *, name: str, **kwargs: Any) -> AreaDetector:
        """Make the detector at `address` with those of `plugins` (``Stats1``, ``ROI1`` …) that make numbers."""
        kinds = {"Stats": Statistics, "ROI": Region}
        rows: dict[str, Any] = {
            one.lower(): Part(kinds[one[:-1]], kind="normal") for one in plugins if one[:-1] in kinds
        }
        made: type[AreaDetector] = type(cls.__name__, (cls,), {**rows, "__doc__": cls.__doc__})
        return made(address, name=name, plugins=tuple(plugins), **kwargs)

    def __init__(
        self, address: str, *, name: str, plugins: Sequence[str] = (), file_per_trigger: bool = False, **kwargs: Any
    ) -> None:
        self._prefixes = {one.lower(): f"{address}{one}:" for one in plugins}
        self.file_per_trigger = file_per_trigger
        """Whether each trigger has a file of its own also where it takes one frame: then points can be repeated."""
        self._proven = 0  # frames of this file that were proven
        self._open = False
        self._restore: list[Setting] = []
        super().__init__(address, name=name, **kwargs)

    def facts_of(self, part: str) -> str:
        """Return the address of a plugin."""
        return self._prefixes[part]

    @property
    def statistics(self) -> list[Statistics]:
        """The plugins that make numbers of each frame."""
        return [one for one in self.parts.values() if isinstance(one, Statistics)]

    # -- what its frames are like ---------------------------------------------------------------------------------

    @property
    def _frames_signal(self) -> Any:
        return self.frames

    def _frame_s(self, value_of: ValueOf) -> float:
        return max(float(value_of(self.preset_time)), float(value_of(self.preset_period)))

    def _expected(self) -> tuple[int, int, int]:
        """Return width, height and type that the camera's settings make."""
        width, height, bin_x, bin_y, kind = (
            int(one.sample.value)
            for one in (self.camera_width, self.camera_height, self.camera_bin_x, self.camera_bin_y, self.camera_type)
        )
        return width // max(bin_x, 1), height // max(bin_y, 1), kind

    def _frame_bytes(self, value_of: ValueOf) -> float:
        width, height, kind = self._expected()
        return float(width * height * int(list(DTYPES.values())[kind][2:]))

    def _frame_shape(self) -> tuple[int, ...]:
        plain = int(self.height.sample.value), int(self.width.sample.value)
        colours = COLOURS.get(self.color_mode.quantity.enum[int(self.color_mode.sample.value)])
        if colours is None:
            return plain
        sizes = (3, *plain)
        return tuple(sizes[axis] for axis in colours)

    def _frame_dtype(self) -> str:
        return list(DTYPES.values())[int(self.data_type.sample.value)]

    def exposures_made(self) -> int | None:
        """Return the camera's count of frames, asked for now."""
        return int(self.made.fetch().value)

    # -- stage and unstage ----------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Set camera and plugins up, and let the next frame begin a file.

        Raises
        ------
        Busy
            It acquires already, for somebody else.
        BadReading
            Its trigger mode is not Internal, its directory does not exist, or no frame reaches the file plugin.
        """
        if self.acquire.fetch().value:
            raise Busy(f"{self.name}: it acquires already; stop it first ({self.acquire.address} 0)")
        if self.trigger_mode.fetch().value:
            mode = self.trigger_mode.get()
            raise BadReading(
                f"{self.name}: its trigger mode is {mode}: plans trigger it themselves, set it to Internal"
            )
        if self.capturing.fetch().value:  # left by somebody
            self._close()
        before = apply(self._settings())
        self._restore = [one for one in before if one[0] in (self.image_mode, self.wait_for_plugins)]
        if self.file_path_exists.fetch().value != 1:
            raise BadReading(
                f"{self.name}: its directory {self.file_path.fetch().value!r} does not exist, "
                "or is not one where its server may write"
            )
        if self._unprimed():
            self._prime()
        apply([(self.image_mode, "Multiple")])
        staged = super().stage()
        self._begin_file()
        return staged

    def _settings(self) -> list[Setting]:
        settings: list[Setting] = [
            (self.image_mode, "Multiple"),
            (self.callbacks, "Enable"),
            (self.wait_for_plugins, "Yes"),
            (self.enabled, "Enable"),
            (self.write_mode, "Stream"),
            (self.lazy_open, "Yes"),
            (self.swmr_mode, "On"),
            (self.flush_every, 1),
            (self.num_capture, 0),
            (self.auto_increment, "Yes"),
            (self.file_template, TEMPLATE),
        ]
        for part in self.parts.values():
            if isinstance(part, Statistics):
                settings += [(part.enabled, "Enable"), (part.compute, "Yes"), (part.compute_centroid, "Yes")]
            elif isinstance(part, Region):
                settings.append((part.enabled, "Enable"))
        return settings

    def _unprimed(self) -> bool:
        """Whether the file plugin may not know what frames will be like."""
        seen = tuple(int(one.fetch().value) for one in (self.width, self.height, self.data_type))
        for one in (self.camera_width, self.camera_height, self.camera_bin_x, self.camera_bin_y, self.camera_type):
            one.fetch()
        direct = self.listens_to.fetch().value == self.camera_port.fetch().value
        return not direct or seen != self._expected()

    def _prime(self) -> None:
        """Take one frame that is not written: then the file plugin knows sizes and type."""
        apply([(self.image_mode, "Single")])
        words = lambda: str(self.camera_state.last_words)  # noqa: E731
        taken = Waiting(self.name, "a first frame", PATIENCE.wall_seconds(self._frame_s(_value)) + LATE_S, words)
        self.acquire.start("Acquire", taken.finish)
        taken.wait()
        with contextlib.suppress(TimedOut):
            wait_until(self.name, self.width, lambda width: width > 0, "the size of a frame", LATE_S)
        if not all(one.fetch().value for one in (self.width, self.height)):
            port = self.listens_to.sample.value
            raise BadReading(f"{self.name}: no frame reaches its file plugin, which listens to {port!r}")
        self.data_type.fetch()
        self.color_mode.fetch()

    def _begin_file(self) -> None:
        self._proven = 0
        self._documents.begin()
        now = datetime.now().strftime("%Y%m%dT%H%M%S")
        apply([(self.file_name, f"{self.name}_{now}_{uuid.uuid4().hex[:8]}"), (self.file_number, 0)])
        began = Waiting(self.name, "its file plugin to begin", PATIENCE.margin_s, lambda: self.capturing.last_words)

        def refused() -> None:
            message = self.write_message.fetch().value
            raise BadReading(f"{self.name}: its file plugin does not begin: {message}")

        def seen(value: Any = None, **_: Any) -> None:
            if value == "Capturing":
                began.finish()

        token = self.capturing.subscribe(seen, run=False)
        try:
            # completes when the file is closed, or at once where it is refused
            self.capture.start("Capture", lambda: in_background(lambda: began.guard(refused)))
            began.wait()
        finally:
            self.capturing.unsubscribe(token)
        self._open = True

    def _close(self) -> None:
        self._open = False
        if self.capturing.fetch().value:
            self.capture.start("Done")
            wait_until(self.name, self.capturing, lambda value: value == "Done", "its file to be closed")

    def unstage(self) -> list[object]:
        """Close the file, and put back what the camera was set to."""
        unstaged = super().unstage()
        was_open, well = self._open, self.write_status.connected and not self.write_status.sample.value
        restore, self._restore = self._restore, []
        if not self.capture.connected:
            self._open = False
            return unstaged
        self._close()
        for signal, value in restore:
            signal.start(value)
        if was_open and well and self.write_status.fetch().value:
            raise BadReading(f"{self.name}: its file was not closed well: {self.write_message.fetch().value}")
        return unstaged

    # -- acquiring ------------------------------------------------------------------------------------------------

    def _before(self, frames: int) -> Before:
        if not self._open:
            raise BadReading(f"{self.name}: it is not staged: there is no file to write to")
        asked = (self.made, self.written, self.dropped, self.capturing, self.images_taken_over)
        made, written, dropped, capturing, images = (int(sample.value) for sample in fetch_all(asked))
        if not capturing:
            message = self.write_message.fetch().value or "somebody ended the capture"
            raise Stopped(f"{self.name}: its file was closed before the run ended: {message}")
        if self._needs_file(written, frames):
            self._close()
            self._begin_file()
            written = int(self.written.fetch().value)
        if images != frames:
            self.num_images.set(frames).wait()
            if (images := int(self.images_taken_over.fetch().value)) != frames:
                raise NotTaken(f"{self.name}: asked for {frames} frames for each trigger, it takes {images}")
        return Before(made, written, dropped)

    def _needs_file(self, written: int, frames: int) -> bool:
        """Return whether frames need a new file; raise where those before them would be lost with the old one."""
        if written == 0 or frames > 1 or self.file_per_trigger:
            return written > 0
        stray = self._documents.stray
        if not stray and written == self._proven:
            return False
        if self._documents.rows > stray:
            raise BadReading(
                f"{self.name}: its file holds frames of a point that was dropped or stopped, the next ones would be "
                f"taken for those; {self.name}.file_per_trigger = True lets points be repeated"
            )
        return True

    def _judge(self, frames: int, before: Before) -> str:
        asked = (self.write_status, self.made, self.written, self.dropped, self.full_name, self.frame_id)
        answers = self._ask(asked)
        status, made, written, dropped = (int(one) for one in answers[:4])
        if status == 0 and dropped == before.dropped and made - before.made == frames > written - before.written:
            with contextlib.suppress(TimedOut):
                whole = before.written + frames
                wait_until(self.name, self.written, lambda value: value >= whole, f"{whole} frames", LATE_S)
            answers = self._ask(asked)
            status, made, written, dropped = (int(one) for one in answers[:4])
        file, frame_id = str(answers[4]), int(answers[5])
        if status:
            message = self.write_message.fetch().value
            raise BadReading(
                f"{self.name}: its writer failed after {written - before.written} of {frames} frames: {message}; "
                f"{written} frames are in {file}"
            )
        if dropped != before.dropped:
            lost = dropped - before.dropped
            raise BadReading(f"{self.name}: its file plugin dropped {lost} of {frames} frames ({file})")
        if made - before.made != frames:
            done, state = made - before.made, self.camera_message.fetch().value
            raise Stopped(f"{self.name}: made {done} of {frames} frames: somebody stopped it ({state})")
        if written - before.written != frames:
            raise BadReading(f"{self.name}: wrote {written - before.written} of {frames} frames to {file}")
        if self.local_files and (found := frames_in(file, being_written=True)) != written:
            raise BadReading(f"{self.name}: {file} holds {found} of {written} frames")
        self._ask((self.width, self.height, self.data_type, self.color_mode))
        for one in self.statistics:
            one.prove(frame_id)
        self._proven = written
        return file

    def _ask(self, signals: Sequence[Any]) -> list[Any]:
        return [sample.value for sample in fetch_all(signals)]

    def report_state(self) -> Stated:
        """Return the state from camera, writer and acquisition."""
        status, camera = self.write_status.sample, self.camera_state.sample
        return first_that_holds(
            (
                Fact(status.value != 0, State.FAULT, f"the writer failed: {self.write_message.sample.value}"),
                Fact(camera.value == 6, State.FAULT, f"the camera failed: {self.camera_message.sample.value}"),
                alarm(camera.severity, "the camera"),
                Fact(bool(self.acquire.sample.value), State.RUNNING, f"acquires, {self.written.sample.value} frames"),
            ),
            Stated(State.ON, f"ready for {self.frames.get()} x {self.exposure.sample.value:g} s"),
        )


def _value(signal: Any) -> Any:
    return signal.sample.value
