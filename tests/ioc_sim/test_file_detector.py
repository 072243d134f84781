"""The plain file-writing detector without a network: drops, errors of the writer, and where it may write."""

import asyncio
import errno
import threading

import h5py
import pytest

from beam.bench_kinds import FileDetectors
from beam.clock import ExperimentClock
from beam.frames import FrameSource
from ioc_sim.errors import Refused
from ioc_sim.frame_writer import Hdf5Writer
from ioc_sim.groups.file_detector import FileDetectorGroup
from ioc_sim.timing import Timeline
from ioc_sim.write_queue import WriteQueue

SCALE = 100.0


@pytest.fixture
def detector(tmp_path):
    facts = FileDetectors(
        kind="file_detectors",
        prefixes=["d:"],
        label="camera",
        width_px=12,
        height_px=8,
        peak_rate_hz=1000.0,
        background_rate_hz=10.0,
        write_s=0.002,
        queue_frames=3,
    )
    root = tmp_path / "root"
    root.mkdir()
    return FileDetectorGroup("d:", facts, 1, Timeline(ExperimentClock(SCALE)), root)


class Wrapped:
    """A writer with something in its way before each frame."""

    def __init__(self, writer, before):
        self.open, self.close, self._write, self._before = writer.open, writer.close, writer.write, before
        self.frames = 0

    def write(self, number):
        self.frames += 1
        self._before(self.frames)
        self._write(number)


@pytest.fixture
def run():
    """Run coroutines one after the other in one event loop, as a server has."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture
def acquire(detector, run):
    async def scenario(images, settings):
        await detector.images.write(images)
        for name, value in settings.items():
            await getattr(detector, name).write(value)
        await detector.acquire.write("Acquire")

    def to_the_end(images, **settings):
        run(scenario(images, settings))
        assert detector.acquire.value == "Done"
        return detector.written.value, detector.dropped.value, detector.write_status.value

    return to_the_end


def test_all_frames_are_in_one_file_with_their_numbers(detector, acquire):
    assert acquire(5, exposure=0.01) == (5, 0, "Ok")
    with h5py.File(detector.full_name.value) as file:
        assert file["entry/data/data"].shape == (5, 8, 12)
        assert list(file["entry/data/number"]) == [1, 2, 3, 4, 5]
        assert file["entry/count_time"][()] == 0.01
        expected = FrameSource(1, "d:", 8, 12, 1000.0, 10.0).frame(4, 0.01)
        assert (file["entry/data/data"][3] == expected).all()
    # the frames, and the time that the last one takes to be written
    assert detector._time.clock.now() == pytest.approx(5 * 0.01 + 0.002)
    assert acquire(2) == (2, 0, "Ok")
    assert detector.image_counter.value == 7
    with h5py.File(detector.full_name.value) as file:
        assert list(file["entry/data/number"]) == [6, 7]


def test_nothing_is_ever_overwritten(detector, acquire):
    acquire(1)
    first = detector.full_name.value
    assert acquire(1, file_number=1) == (1, 0, "Ok")
    assert (first[-8:], detector.full_name.value[-8:]) == ("_0001.h5", "_0002.h5")


def test_a_slow_writer_drops_the_same_frames_each_time(detector, acquire):
    detector.write_s = 0.035
    seen = []
    for _ in range(2):
        assert acquire(20, exposure=0.01) == (9, 11, "Ok")
        with h5py.File(detector.full_name.value) as file:
            seen.append([int(one) - detector.image_counter.value for one in file["entry/data/number"]])
    assert seen[0] == seen[1]
    assert detector.write_status.value == "Ok"
    assert detector.image_counter.value == 40


def test_a_slow_machine_drops_nothing(detector, run):
    may_write = threading.Event()
    detector.writer = Wrapped(detector.writer, lambda _: may_write.wait(20))

    async def scenario():
        await detector.images.write(12)
        await detector.exposure.write(0.003)
        put = asyncio.create_task(detector.acquire.write("Acquire"))
        while detector.image_counter.value < 5:
            await asyncio.sleep(0.001)
        assert (detector.written.value, detector.dropped.value) == (0, 0)
        may_write.set()
        await put

    run(scenario())
    assert (detector.written.value, detector.dropped.value) == (12, 0)


def test_a_full_disk_ends_it_and_is_told_but_the_put_succeeds(detector, acquire):
    def full(frame):
        if frame == 4:
            raise OSError(errno.ENOSPC, "No space left on device", "/data")

    detector.writer = Wrapped(detector.writer, full)
    assert acquire(50, exposure=0.01) == (3, 0, "Error")
    assert detector.write_message.value == "No space left on device: /data"
    assert detector.write_status.alarm.severity.name == "MAJOR_ALARM"
    assert 4 <= detector.image_counter.value < 50
    with h5py.File(detector.full_name.value) as file:
        assert len(file["entry/data/data"]) == 3
    detector.writer = Hdf5Writer(detector.writer._write.__self__._root, FrameSource(1, "d:", 8, 12, 1, 1), "d:")
    assert acquire(2) == (2, 0, "Ok")
    assert (detector.write_message.value, detector.write_status.alarm.severity.name) == ("", "NO_ALARM")


def test_an_error_that_no_writer_should_raise_does_not_hang_it(detector, acquire):
    def odd(frame):
        raise KeyError("entry")

    detector.writer = Wrapped(detector.writer, odd)
    assert acquire(30) == (0, 0, "Error")
    assert detector.write_message.value == "'entry'"


def test_a_directory_that_is_missing_is_told(detector, run):
    async def scenario():
        await detector.path.write("not/there")
        assert detector.path_exists.value == "No"
        await detector.acquire.write("Acquire")

    run(scenario())
    assert detector.write_status.value == "Error"
    assert detector.write_message.value == f"No such file or directory: {detector._root}/not/there"
    assert (detector.image_counter.value, detector.full_name.value) == (0, "")


def test_it_writes_below_its_directory_only(detector, tmp_path, acquire, run):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root" / "deeper").mkdir()

    async def scenario():
        for path in ("..", "/etc", "a/../../b", f"{tmp_path}/rootless", "/", "x" * 300):
            with pytest.raises(Refused, match=r"FilePath.*(must be below|255 characters)"):
                await detector.path.write(path)
        assert detector.path.value == f"{detector._root}/"
        for name in ("../x", "a/b", "", ".hidden", "a\nb", "x" * 101, "é"):
            with pytest.raises(Refused, match="FileName"):
                await detector.file_name.write(name)
        await detector.path.write("deeper/../deeper")
        assert (detector.path.value, detector.path_exists.value) == (f"{detector._root}/deeper/", "Yes")
        await detector.path.write("link")

    run(scenario())
    assert acquire(1)[2] == "Error"
    assert "is not below" in detector.write_message.value
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_stalled_detector_stays_in_acquire_until_it_is_freed(detector, run):
    async def scenario():
        free, advance = asyncio.Event(), detector.ended

        async def held(seconds):
            await free.wait()
            await advance(seconds)

        await detector.images.write(3)
        detector.ended = held
        put = asyncio.create_task(detector.acquire.write("Acquire"))
        stop = asyncio.create_task(detector.acquire.write("Done"))
        done, _ = await asyncio.wait({put, stop}, timeout=0.05)
        assert not done
        assert (detector.acquire.value, detector.image_counter.value) == ("Acquire", 0)
        free.set()
        await asyncio.gather(put, stop)
        assert detector.acquire.value == "Done"

    run(scenario())


def test_the_queue_has_its_places_and_one_that_is_being_written():
    queue = WriteQueue(2)
    assert [queue.offer(at, 10.0) for at in (0.0, 1.0, 2.0, 3.0)] == [True, True, True, False]
    assert queue.idle_s == 30.0
    assert [queue.offer(at, 10.0) for at in (10.0, 11.0)] == [True, False]
    assert queue.idle_s == 40.0
