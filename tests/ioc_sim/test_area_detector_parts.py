"""Area detectors without a network: frames that repeat, names of files, pictures as they are read out."""

import asyncio

import numpy as np
import pytest

from beam.area_detectors import AreaDetectors
from beam.clock import ExperimentClock, LiveClock
from beam.frames import SceneFrames
from ioc_sim.area_detector import file_names
from ioc_sim.area_detector.group import AreaDetectorGroup
from ioc_sim.area_detector.moments import centroid, statistics
from ioc_sim.area_detector.readout import Readout, converted
from ioc_sim.area_detector.sources import Photons
from ioc_sim.area_detector.table import CAMERA, FILE, rows
from ioc_sim.errors import Refused
from ioc_sim.timing import Timeline

FACTS = AreaDetectors(
    kind="area_detectors",
    prefixes=["T:"],
    label="camera",
    width_px=16,
    height_px=12,
    data_type="UInt16",
    picture="spot",
    peak_rate_hz=1e5,
    background_rate_hz=1e3,
    queue_frames=2,
    buffer_frames=5,
    plugins=["image1", "Stats1"],
    source={"default": "assumed"},
)


def group(root, clock, source=None):
    return AreaDetectorGroup("T:", FACTS, 7, Timeline(clock), root, source)


async def put(detector, **settings):
    for name, value in settings.items():
        await detector.channels[f"T:{name.replace('__', ':')}"].write(value)


def last_frame(detector):
    return np.array(detector.channels["T:image1:ArrayData"].value)


@pytest.fixture
def acquired():
    """Acquire images and return the last one, each time in the same event loop, as a server has."""

    async def scenario(detector, images):
        await put(detector, image1__EnableCallbacks="Enable", cam1__ImageMode="Multiple", cam1__NumImages=images)
        await put(detector, cam1__AcquireTime=0.01, cam1__WaitForPlugins="Yes", cam1__Acquire="Acquire")
        return last_frame(detector)

    with asyncio.Runner() as runner:
        yield lambda detector, images: runner.run(scenario(detector, images))


def test_the_same_seed_gives_the_same_frames_at_any_speed(tmp_path, acquired):
    slow, fast = (group(tmp_path, ExperimentClock(scale)) for scale in (10.0, 1e4))
    assert (acquired(slow, 3) == acquired(fast, 3)).all()
    assert (acquired(slow, 1) != last_frame(fast)).any()


class Scene:
    """A scene that counts how often it is rendered."""

    shape = 12, 16

    def __init__(self):
        self.level, self.rendered = 100.0, 0

    def state(self):
        return self.level

    def rates_hz(self, state):
        self.rendered += 1
        return np.full(self.shape, state)


def test_a_scene_is_rendered_again_only_when_it_has_changed(tmp_path, acquired):
    scene = Scene()
    detector = group(tmp_path, ExperimentClock(1e4), Photons(SceneFrames(7, "T:", scene)))
    acquired(detector, 5)
    assert scene.rendered == 1
    scene.level = 1e6
    assert acquired(detector, 5).mean() == pytest.approx(1e4, rel=0.01)
    assert scene.rendered == 2


def test_a_scene_that_fails_ends_the_acquisition_with_an_error(tmp_path, acquired):
    scene = Scene()
    scene.rates_hz = None
    detector = group(tmp_path, ExperimentClock(1e4), Photons(SceneFrames(7, "T:", scene)))
    acquired(detector, 2)
    state = detector.channels["T:cam1:DetectorState_RBV"]
    assert (state.value, state.alarm.severity.name) == ("Error", "MAJOR_ALARM")
    assert "not callable" in detector.channels["T:cam1:StatusMessage_RBV"].value
    assert detector.channels["T:cam1:Acquire"].value == "Done"


def test_in_real_time_a_plugin_that_is_too_slow_drops_and_says_so(tmp_path):
    detector = group(tmp_path, LiveClock())
    stats = detector.plugins["Stats1"]
    free = asyncio.Event()

    async def work(_):
        await free.wait()

    stats.work = work

    async def scenario():
        await put(detector, Stats1__EnableCallbacks="Enable", cam1__ImageMode="Multiple", cam1__NumImages=9)
        await put(detector, cam1__AcquireTime=1e-4, cam1__AcquirePeriod=0.0, cam1__Acquire="Acquire")
        assert stats["DroppedArrays"] == 9 - 3  # one in work, two in the queue
        assert (stats["QueueFree"], detector.camera["NumQueuedArrays"]) == (0, 3)
        free.set()
        await detector.pipeline.until_empty()
        assert stats["ArrayCounter"] == 3
        await put(detector, Stats1__MinCallbackTime=1e4, Stats1__DroppedArrays=0, cam1__Acquire="Acquire")
        assert (stats["DroppedArrays"], stats["ArrayCounter"]) == (0, 3)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("%s%s_%6.6d.h5", "/d/n_000012.h5"),
        ("%s%s_%3.3d", "/d/n_012"),
        ("%s%s.h5", "/d/n.h5"),
        ("%sx", "/d/x"),
        ("%s%s%%%d", "/d/n%12"),
    ],
)
def test_names_are_made_as_c_makes_them(template, name):
    file_names.check_template(template)
    assert file_names.filled(template, "/d/", "n", 12) == name
    assert file_names.has_number(template) == ("12" in name)


@pytest.mark.parametrize(
    "template", ["%s%s%s", "%d", "%d%s", "%s%n", "%s%s%d%d", "%s%s%f", "%s%1000d%d", "%s%", "%s%d"]
)
def test_a_template_that_would_read_what_is_not_there_is_refused(template):
    with pytest.raises(Refused, match="are allowed, in this order"):
        file_names.check_template(template)


def test_files_are_below_the_root_only(tmp_path):
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    assert file_names.checked(root, f"{root}/in/x_1.h5", True) == root.resolve() / "in/x_1.h5"
    for path in (f"{root}/../x", f"{root}/out/x", "/etc/x", "relative/x"):
        with pytest.raises(PermissionError, match="is not below"):
            file_names.checked(root, path, True)
    with pytest.raises(FileNotFoundError):
        file_names.checked(root, f"{root}/no/x", True)
    (root / "in" / "x").touch()
    with pytest.raises(FileExistsError, match="has no number"):
        file_names.checked(root, f"{root}/in/x", False)
    file_names.make_directory(root, f"{root}/a/b", 1)
    assert not (root / "a").exists()
    file_names.make_directory(root, f"{root}/a/b", 2)
    assert (root / "a/b").is_dir()
    with pytest.raises(PermissionError):
        file_names.make_directory(root, f"{tmp_path}/beside", 5)


def test_what_a_data_type_cannot_hold_saturates():
    data = np.array([-5, 300, 7])
    assert list(converted(data, np.dtype(np.uint8))) == [0, 255, 7]
    assert list(converted(np.array([1.6, 1e9]), np.dtype(np.int16))) == [2, 32767]
    sensor = np.full((4, 6), 200, np.uint8)
    assert (Readout(0, 0, 6, 4, 2, 2, data_type="UInt8").read(sensor) == 255).all()
    assert np.shares_memory(Readout(0, 0, 6, 4, data_type="UInt8").read(sensor), sensor)


def test_statistics_against_numbers_worked_out_by_hand():
    data = np.zeros((5, 7))
    data[2, 3], data[2, 4] = 30.0, 10.0
    found = statistics(data, 1)
    assert (found["MaxX"], found["MaxY"], found["Total"], found["Net"]) == (3, 2, 40.0, 40.0)
    spot = centroid(data, 1.0)
    assert (spot["CentroidX"], spot["CentroidY"], spot["SigmaY"]) == (3.25, 2.0, 0.0)
    assert spot["SigmaX"] == pytest.approx(0.1875**0.5)
    assert centroid(data, 100.0) == {}
    tilted = centroid(np.eye(9), 0.5)
    assert (tilted["Orientation"], tilted["SigmaXY"], tilted["Eccentricity"]) == pytest.approx((45.0, 1.0, 1.0))


def test_the_tables_hold_each_record_once_with_its_readback():
    for layers in (CAMERA, (*FILE, "hdf5")):
        table = rows(*layers)
        assert all(row.reads in table for row in table.values() if row.reads)
        assert table["ArrayCounter_RBV"].record == "longin"
