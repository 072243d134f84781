"""Area detectors that fail on demand, and what an outside client sees of it."""

import contextlib

import h5py
import pytest

from ioc_sim.launch import Simulation

CAM, HDF = "ad:cam1:", "ad:HDF1:"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Simulation("bench", time_scale=50.0, seed=5, files=tmp_path_factory.mktemp("files")) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    client = connect(served.ports["beamline"])
    settings = {"ImageMode": "Multiple", "NumImages": 10, "AcquireTime": 0.01, "AcquirePeriod": 0, "ArrayCounter": 0}
    for name, value in (settings | {"WaitForPlugins": 1}).items():
        client.put(CAM + name, value)
    for name, value in {"EnableCallbacks": 1, "FileWriteMode": "Stream", "LazyOpen": 1, "NumCapture": 0}.items():
        client.put(HDF + name, value)
    yield client
    served.faults.clear()


@pytest.fixture
def fault(served):
    @contextlib.contextmanager
    def acting(name, target, **arguments):
        served.faults.set(name, target, **arguments)
        yield
        served.faults.clear(name, target)

    return acting


def series(client):
    """Write a series; return how the writer says it went."""
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)
    return [client.get(HDF + name) for name in ("NumCaptured_RBV", "DroppedArrays_RBV", "WriteStatus")]


def frames(client):
    with h5py.File(client.get(f"{HDF}FullFileName_RBV")) as file:
        ids = list(file["entry/instrument/NDAttributes/NDArrayUniqueId"])
        assert len(file["entry/data/data"]) == len(ids)
        return ids


def test_a_disk_that_fills_ends_the_file_but_not_the_acquisition(client, fault):
    with fault("disk_full", "ad:HDF1", frames=4):
        assert series(client) == [4, 0, 1]
        assert client.severity(f"{HDF}WriteStatus") == 2
        assert "No space left on device" in client.get(f"{HDF}WriteMessage")
        assert client.get(f"{CAM}ArrayCounter_RBV") == 10
        assert frames(client) == [1, 2, 3, 4]
        assert client.get(f"{HDF}Capture_RBV") == 0
    assert series(client) == [10, 0, 0]
    assert client.severity(f"{HDF}WriteStatus") == 0
    assert frames(client) == list(range(11, 21))


def test_a_slow_writer_drops_the_same_frames_each_time(client, fault):
    client.put(f"{HDF}QueueSize", 2)
    client.put(f"{HDF}DroppedArrays", 0)
    seen = []
    with fault("slow_writer", "ad:HDF1", takes_s=0.035):
        for _ in range(2):
            client.put(f"{HDF}DroppedArrays", 0)
            client.put(f"{CAM}ArrayCounter", 0)
            written, dropped, status = series(client)
            assert (written + dropped, status) == (10, 0)
            assert dropped > 2
            seen.append(frames(client))
    assert seen[0] == seen[1]
    client.put(f"{HDF}QueueSize", 20)
    client.put(f"{HDF}DroppedArrays", 0)
    assert series(client) == [10, 0, 0]


def test_a_blocking_writer_holds_the_camera_up_instead(client, fault):
    client.put(f"{HDF}BlockingCallbacks", "Yes")
    with fault("slow_writer", "ad:HDF1", takes_s=0.5):
        before = client.get("BENCH:SIM:Time")
        assert series(client) == [10, 0, 0]
        assert client.get("BENCH:SIM:Time") - before == pytest.approx(10 * 0.51)
    client.put(f"{HDF}BlockingCallbacks", "No")


def test_a_stuck_camera_stays_in_acquire_until_it_is_freed(client, fault):
    with fault("camera_stuck", "ad:cam1"):
        number = client.start(f"{CAM}Acquire", 1)
        stopped = client.start(f"{CAM}Acquire", 0)
        client.get(f"{CAM}ArrayCounter_RBV")
        assert client._answers.keys().isdisjoint((number, stopped))
        assert (client.get(f"{CAM}Acquire_RBV"), client.get(f"{CAM}ArrayCounter_RBV")) == (1, 0)
    assert client.completed(number)
    assert client.completed(stopped)
    assert client.get(f"{CAM}Acquire_RBV") == 0
