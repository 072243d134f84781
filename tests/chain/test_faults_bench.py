"""Each fault of detectors, disks, valves and single PVs triggered once over the wire, and seen by an outside client."""

import math

import caproto as ca
import h5py
import pytest

from ioc_sim.launch import Simulation

DETECTOR, VALVE, METER, MCA = "gp:filedet1:", "gp:valve1:", "gp:em1:", "gp:mca1"
INVALID, MAJOR = 3, 2


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Simulation("bench", time_scale=100.0, seed=1, files=tmp_path_factory.mktemp("files")) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    yield connect(served.ports["beamline"])
    served.faults.clear()


def acquire(client, images):
    """Take images to the end; return frames made, written and dropped, and the writer's status."""
    before = client.get(f"{DETECTOR}ImageCounter")
    client.put(f"{DETECTOR}NumImages", images)
    client.put(f"{DETECTOR}ExposureTime", 0.2)
    client.put(f"{DETECTOR}Acquire", 1)
    written, dropped = (client.get(f"{DETECTOR}Frames{name}_RBV") for name in ("Written", "Dropped"))
    return client.get(f"{DETECTOR}ImageCounter") - before, written, dropped, client.get(f"{DETECTOR}WriteStatus")


def test_frames_dropped(client, fault):
    first = client.get(f"{DETECTOR}ImageCounter")
    with fault("frames_dropped", DETECTOR, every=3):
        assert acquire(client, 6) == (6, 4, 2, 0)
    with h5py.File(client.get(f"{DETECTOR}FullFileName_RBV")) as file:
        assert [number - first for number in file["entry/data/number"]] == [1, 2, 4, 5]
    assert acquire(client, 3) == (3, 3, 0, 0)


def test_a_disk_that_is_full(client, fault):
    with fault("disk_full", DETECTOR, frames=2):
        made, written, _, status = acquire(client, 6)
        assert (written, status) == (2, 1)
        assert made < 7
        assert client.severity(f"{DETECTOR}WriteStatus") == MAJOR
        assert client.get(f"{DETECTOR}WriteMessage") == "No space left on device"
        assert client.get(f"{DETECTOR}Acquire") == 0
        with h5py.File(client.get(f"{DETECTOR}FullFileName_RBV")) as file:
            assert len(file["entry/data/data"]) == 2
    assert acquire(client, 3) == (3, 3, 0, 0)


def test_a_disk_that_cannot_be_written(client, fault):
    with fault("disk_read_only", DETECTOR):
        assert acquire(client, 2) == (0, 0, 0, 1)
        assert client.get(f"{DETECTOR}WriteMessage").startswith("Read-only file system: ")
    assert acquire(client, 2) == (2, 2, 0, 0)


def test_a_disk_that_fails_in_the_middle_of_an_acquisition(client, served):
    client.put(f"{DETECTOR}NumImages", 100_000)
    client.put(f"{DETECTOR}ExposureTime", 0.2)
    client.subscribe(f"{DETECTOR}FramesWritten_RBV")
    number = client.start(f"{DETECTOR}Acquire", 1)
    client.until(lambda: client.latest(f"{DETECTOR}FramesWritten_RBV") > 3)
    served.faults.set("disk_read_only", DETECTOR)
    assert client.completed(number)
    assert client.get(f"{DETECTOR}WriteMessage") == "Read-only file system"


@pytest.mark.parametrize(("target", "pv"), [(DETECTOR, f"{DETECTOR}Acquire"), (MCA, f"{MCA}.ERST")])
def test_a_detector_stuck_in_acquire(client, fault, target, pv):
    busy, stop = (pv, pv) if target == DETECTOR else (f"{MCA}.ACQG", f"{MCA}.STOP")
    client.put(f"{DETECTOR}NumImages", 2)
    client.put(f"{MCA}.PRTM", 0.5)
    client.subscribe(busy)
    with fault("detector_stuck", target):
        number = client.start(pv, 1)
        client.until(lambda: client.latest(busy) == 1)
        client.put("gp:m1", client.get("gp:m1") + 5.0)  # as long as the exposure would have taken many times over
        stopped = client.start(stop, 0 if target == DETECTOR else 1)
        assert client.get(busy) == 1
        assert not {number, stopped} & set(client._answers)
    assert client.completed(number)
    assert client.get(busy) == 0


@pytest.mark.full
def test_acquisitions_whose_put_never_completes(client, fault):
    for target, pv in ((METER, f"{METER}Acquire"), (DETECTOR, f"{DETECTOR}Acquire"), (MCA, f"{MCA}.ERST")):
        busy = f"{MCA}.ACQG" if target == MCA else pv
        client.put(f"{MCA}.PRTM", 0.5)
        client.put(f"{DETECTOR}NumImages", 1)
        client.subscribe(busy)
        with fault("put_never_completes", target):
            number = client.start(pv, 1)
            for state in (1, 0):
                client.until(lambda busy=busy, state=state: client.latest(busy) == state)
            client.get("BENCH:SIM:Seed")
            assert number not in client._answers
        assert client.completed(number)


def test_a_valve_that_trips(client, fault):
    client.put(f"{VALVE}Open", 1)
    client.subscribe(f"{VALVE}State", f"{VALVE}Trip")
    with fault("valve_trip", VALVE):
        client.until(lambda: client.latest(f"{VALVE}State") == 0)
        assert client.latest(f"{VALVE}Trip") == 1
        assert "the pressure is too high" in client.get(f"{VALVE}Status")
        with pytest.raises(ca.ErrorResponseReceived, match="cannot be reset: the pressure is too high"):
            client.put(f"{VALVE}Reset", 1)
    with pytest.raises(ca.ErrorResponseReceived, match="to be reset"):
        client.put(f"{VALVE}Open", 1)
    client.put(f"{VALVE}Reset", 1)
    client.put(f"{VALVE}Open", 1)
    assert client.get(f"{VALVE}State") == 2
    client.put(f"{VALVE}Close", 1)


def test_a_single_pv_is_invalid(client, fault):
    pv = f"{METER}Current1:MeanValue_RBV"
    client.subscribe(pv)
    with fault("value_invalid", pv):
        assert client.severity(pv) == INVALID
        client.put(f"{METER}Acquire", 1)
        assert client.severity(pv) == INVALID
    assert client.severity(pv) == 0


def test_a_single_pv_is_no_number(client, fault):
    pv = f"{METER}Current1:MeanValue_RBV"
    client.put(f"{METER}Acquire", 1)
    client.subscribe(pv)
    with fault("value_nan", pv):
        client.until(lambda: math.isnan(client.latest(pv)))
        assert math.isnan(client.get(pv))
    client.until(lambda: math.isfinite(client.latest(pv)))


def test_a_single_pv_is_stale(client, fault):
    pv, counter = f"{METER}Current1:MeanValue_RBV", f"{METER}ExposureCount"
    client.put(f"{METER}Acquire", 1)
    before, count = client.get(pv), client.get(counter)
    client.subscribe(pv)
    with fault("value_stale", pv):
        seen = len(client.arrived)
        client.put(f"{METER}Acquire", 1)
        assert client.get(pv) == before
        assert client.get(counter) == count + 1
        assert ("monitor", pv) not in [one[:2] for one in client.arrived[seen:]]
    client.until(lambda: client.latest(pv) != before)


def test_an_enum_answers_an_index_that_is_no_states(client, fault):
    pv = f"{VALVE}State"
    client.subscribe(pv)
    with fault("wrong_enum_index", pv, beyond=2):
        client.until(lambda: client.latest(pv) == 6)
        assert client.get(pv) == 6
        assert client.get(pv, kind=ca.ChannelType.STRING) == "Illegal Value"
    client.until(lambda: client.latest(pv) == 0)


def test_a_benchs_hardware_outlives_its_server(simulate, connect, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    simulation = simulate("bench", time_scale=1000.0)
    client = connect(simulation.ports["beamline"])
    client.put("gp:m1", 3.0)
    client.put(f"{VALVE}Open", 1)
    assert acquire(client, 3) == (3, 3, 0, 0)
    settings = {f"{MCA}.PRTM": 2.5, f"{MCA}.R3LO": 17, f"{METER}AveragingTime": 0.02, f"{DETECTOR}FileNumber": 2}
    for pv, value in settings.items():
        client.put(pv, value)
    simulation.faults.set("disk_full", DETECTOR, frames=1)
    simulation.faults.set("server_rebooted", "beamline")
    simulation.faults.wait_until_back()
    again = connect(simulation.ports["beamline"])
    assert again.get("gp:m1.RBV") == pytest.approx(3.0)
    assert again.get(f"{VALVE}State") == 2
    assert again.get(f"{DETECTOR}ImageCounter") == 3
    assert {pv: again.get(pv) for pv in settings} == settings
    assert again.get(f"{METER}AveragingTime_RBV") == 0.02
    assert acquire(again, 3)[1] == 1
    (directory,) = tmp_path.glob("terasu-files-*")
    assert len(list(directory.iterdir())) == 2
    simulation.stop()
    assert not directory.exists()
