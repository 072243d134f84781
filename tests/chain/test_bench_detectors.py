"""Analysers, electrometers, time series and the file-writing detector of a bench, seen by a raw client."""

import math

import caproto as ca
import h5py
import pytest

from beam import bench, facts
from ioc_sim.inventory import inventory
from ioc_sim.launch import Simulation

MCA, EM, WF, DET = "gp:mca1", "gp:em1:", "gp:wf1", "gp:filedet1:"


@pytest.fixture(scope="module", params=["ordered", "shuffled"])
def served(request, tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    with Simulation("bench", time_scale=20.0, seed=5, order=request.param, files=files) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    return connect(served.ports["beamline"])


def test_what_the_inventory_lists_is_served(client):
    listed = inventory(facts.load_facility(), bench.load("bench"))
    for device in bench.load("bench").devices.values():
        for prefix in device.prefixes:
            assert any(name.startswith(prefix) for name in listed)
    samples = [MCA, f"{MCA}.R31NM", f"{MCA}EraseStart", f"{EM}Current4:MeanValue_RBV", f"{WF}.NORD", f"{DET}Acquire"]
    for name in samples:
        assert (client.channel(name).native_data_count, name in listed) == (listed[name].length, True)


# ---- mca


def test_a_spectrum_is_counted_for_the_real_time_and_less_live_time(client):
    exposures = client.get(f"{MCA}:ExposureCount")
    for field, value in {
        "PRTM": 2.0,
        "PLTM": 0.0,
        "R0LO": 600,
        "R0HI": 680,
        "R0BG": 2,
        "PCTL": 600,
        "PCTH": 680,
    }.items():
        client.put(f"{MCA}.{field}", value)
    before = client.get("BENCH:SIM:Time")
    client.put(f"{MCA}.ERST", 1)
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(2.0)
    assert (client.get(f"{MCA}.ACQG"), client.get(f"{MCA}.ERST")) == (0, 0)
    assert client.get(f"{MCA}:ExposureCount") == exposures + 1
    spectrum = client.array(MCA)
    assert len(spectrum) == client.get(f"{MCA}.NUSE") == client.get(f"{MCA}.NORD") == 2048
    # 40 700 pulses a second, each with 1 µs of dead time
    assert client.get(f"{MCA}.ERTM") == 2.0
    assert client.get(f"{MCA}.ELTM") == pytest.approx(2.0 / 1.0407)
    assert client.get(f"{MCA}.DTIM") == pytest.approx(100 * (1 - 1 / 1.0407), abs=0.01)
    # what there is within the 20 keV that it reaches to: all lines, and the background without its tail
    mean = (36700 + 4000 * (1 - math.exp(-20.475 / 6))) * 2.0 / 1.0407
    assert sum(spectrum) == pytest.approx(mean, abs=6 * math.sqrt(mean))
    assert abs(max(range(2048), key=spectrum.__getitem__) - 640) <= 2
    total, net = client.get(f"{MCA}.R0"), client.get(f"{MCA}.R0N")
    assert total == sum(spectrum[600:681]) == client.get(f"{MCA}.ACT")
    assert 0.9 * total < net < total
    assert client.get(f"{MCA}Why3") == 1
    assert client.get(f"{MCA}Why4") == 0


def test_what_is_read_after_the_completion_is_of_this_acquisition(client):
    client.put(f"{MCA}.PRTM", 0.2)
    for _ in range(5):
        before = client.get(f"{MCA}:ExposureCount"), client.array(MCA)
        client.put(f"{MCA}EraseStart", 1)
        assert (client.get(f"{MCA}:ExposureCount"), client.get(f"{MCA}.ACQG")) == (before[0] + 1, 0)
        assert client.array(MCA) != before[1]


def test_an_acquisition_of_no_time_to_speak_of_is_complete_as_well(client):
    client.put(f"{MCA}.PRTM", 0.002)
    client.put(f"{MCA}.ERST", 1)
    assert client.get(f"{MCA}.ERTM") == 0.002
    assert 20 < sum(client.array(MCA)) < 150


def test_live_time_and_counts_end_it_too(client):
    client.put(f"{MCA}.PRTM", 0.0)
    client.put(f"{MCA}.PLTM", 1.0)
    client.put(f"{MCA}.ERST", 1)
    assert client.get(f"{MCA}.ELTM") == pytest.approx(1.0)
    assert client.get(f"{MCA}.ERTM") == pytest.approx(1.0407)
    client.put(f"{MCA}.PLTM", 0.0)
    for field, value in {"PCTL": 0, "PCTH": 2047, "PCT": 2.0e4}.items():
        client.put(f"{MCA}.{field}", value)
    client.put(f"{MCA}.ERST", 1)
    assert client.get(f"{MCA}.ACT") == pytest.approx(2.0e4, abs=6 * math.sqrt(2.0e4))
    client.put(f"{MCA}.PCT", 0.0)


def test_it_goes_on_until_somebody_stops_it_and_then_from_there(client):
    client.subscribe(f"{MCA}.ACQG", f"{MCA}.ERTM")
    number = client.start(f"{MCA}.ERST", 1)
    client.until(lambda: client.latest(f"{MCA}.ERTM") >= 5.0)
    client.put(f"{MCA}.READ", 1)
    on_the_way = sum(client.array(MCA))
    assert on_the_way > 1e5
    client.put(f"{MCA}.STOP", 1)
    assert client.completed(number)
    client.until(lambda: client.latest(f"{MCA}.ACQG") == 0)
    stopped, elapsed = sum(client.array(MCA)), client.get(f"{MCA}.ERTM")
    assert stopped >= on_the_way
    assert stopped == pytest.approx(40500 * elapsed / 1.0407, rel=0.02)
    assert client.get(f"{MCA}Why4") == 1
    client.put(f"{MCA}.PRTM", elapsed + 1.0)
    client.put(f"{MCA}.STRT", 1)
    assert client.get(f"{MCA}.ERTM") == pytest.approx(elapsed + 1.0)
    assert sum(client.array(MCA)) - stopped == pytest.approx(40500 / 1.0407, rel=0.05)


def test_erased_on_the_way_it_begins_anew(client):
    client.put(f"{MCA}.PRTM", 3.0)
    client.subscribe(f"{MCA}.ERTM")
    number = client.start(f"{MCA}.ERST", 1)
    client.until(lambda: client.latest(f"{MCA}.ERTM") >= 1.0)
    client.put(f"{MCA}.ERAS", 1)
    assert client.get(f"{MCA}.ACQG") == 1
    assert client.completed(number)
    assert client.get(f"{MCA}.ERTM") == 3.0
    assert sum(client.array(MCA)) == pytest.approx(3 * 40500 / 1.0407, rel=0.03)
    client.put(f"{MCA}.ERAS", 1)
    assert (sum(client.array(MCA)), client.get(f"{MCA}.ERTM"), client.get(f"{MCA}.R0")) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("field", "value", "words"), [("PRTM", -1.0, "0 or more"), ("NUSE", 0, "1 … 2048"), ("R0", 5.0, None)]
)
def test_what_an_analyser_cannot_do_is_refused(client, field, value, words):
    before = client.get(f"{MCA}.{field}")
    with pytest.raises(ca.ErrorResponseReceived, match=words):
        client.put(f"{MCA}.{field}", value)
    assert client.get(f"{MCA}.{field}") == before


def test_only_pulse_heights_are_analysed(client):
    client.put(f"{MCA}.MODE", "MCS")
    with pytest.raises(ca.ErrorResponseReceived, match="MODE MCS is not simulated"):
        client.put(f"{MCA}.ERST", 1)
    client.put(f"{MCA}.MODE", "PHA")
    client.put(f"{MCA}.NUSE", 100)
    assert len(client.array(MCA)) == 100
    client.put(f"{MCA}.NUSE", 5000)
    assert client.get(f"{MCA}.NUSE") == 2048


def test_a_client_can_ask_to_be_waited_for(client, connect, served):
    client.put(f"{MCA}.PRTM", 0.1)
    client.put(f"{MCA}EnableWait", "Enable")
    client.subscribe(f"{MCA}:ExposureCount")
    made = client.latest(f"{MCA}:ExposureCount")
    number = client.start(f"{MCA}EraseStart", 1)
    client.until(lambda: client.latest(f"{MCA}:ExposureCount") == made + 1)
    client.get(f"{MCA}ClientWait")
    assert number not in client._answers
    client.put(f"{MCA}ClientWait", 0)
    assert client.completed(number)
    client.put(f"{MCA}EnableWait", "Disable")


def test_a_pulse_processor_says_which_preset_counts_and_what_it_saw(client):
    mca, dxp = "gp:dxp:mca1", "gp:dxp:dxp1:"
    client.put(f"{mca}.PRTM", 1.0)
    client.put(f"{mca}.PLTM", 1.0)
    client.put(f"{mca}EraseStart", 1)
    assert client.get(f"{mca}.ERTM") == 1.0
    assert client.get(f"{dxp}InputCountRate") == 99000
    share = 1 / (1 + 2.5e-6 * 99000)
    assert client.get(f"{dxp}ElapsedLiveTime") == pytest.approx(share)
    assert client.get(f"{dxp}Events") == sum(client.array(mca))
    assert client.get(f"{dxp}OutputCountRate") == pytest.approx(99000 * share, rel=0.05)
    client.put(f"{dxp}PresetMode", "Live time")
    client.put(f"{mca}EraseStart", 1)
    assert client.get(f"{mca}.ELTM") == pytest.approx(1.0)
    client.put(f"{dxp}PeakingTime", 0.25)
    assert client.get(f"{dxp}PeakingTime_RBV") == 0.25
    client.put(f"{dxp}MaxEnergy", 10.24)
    assert client.get(f"{dxp}MCABinWidth_RBV") == pytest.approx(5.0)
    client.put(f"{mca}EraseStart", 1)
    spectrum = client.array(mca)
    assert abs(max(range(2048), key=spectrum.__getitem__) - 1281) <= 3


# ---- electrometer


def test_four_currents_are_averaged_once_per_put(client):
    client.put(f"{EM}Range", "+- 2.5 uA")
    client.put(f"{EM}AveragingTime", 0.5)
    assert (client.get(f"{EM}NumAverage_RBV"), client.get(f"{EM}AveragingTime_RBV")) == (5000, 0.5)
    made, before = client.get(f"{EM}ExposureCount"), client.get("BENCH:SIM:Time")
    client.put(f"{EM}Acquire", 1)
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(0.5)
    assert (client.get(f"{EM}Acquire"), client.get(f"{EM}ExposureCount")) == (0, made + 1)
    assert client.get(f"{EM}Current1:MeanValue_RBV") == pytest.approx(1.2e-7, rel=1e-3)
    assert client.get(f"{EM}Current4:MeanValue_RBV") == pytest.approx(2e-12, abs=3e-12)
    assert client.get(f"{EM}Saturated") == 0
    assert client.metadata(f"{EM}Current1:MeanValue_RBV").units.rstrip(b"\0") == b"A"
    assert client.get(f"{EM}CurrentName4") == "dark"


def test_beyond_its_range_a_current_is_the_full_scale_and_an_alarm(client):
    client.put(f"{EM}AveragingTime", 0.1)
    client.put(f"{EM}Range", 2)
    client.put(f"{EM}Acquire", 1)
    assert client.get(f"{EM}Current1:MeanValue_RBV") == 2.5e-9
    assert [client.severity(f"{EM}Current{n}:MeanValue_RBV") for n in (1, 2, 3, 4)] == [2, 2, 0, 0]
    assert client.get(f"{EM}Saturated") == 2
    client.put(f"{EM}Range", "+- 2.5 uA")
    client.put(f"{EM}Acquire", 1)
    assert client.severity(f"{EM}Current1:MeanValue_RBV") == 0


def test_many_averagings_and_averaging_without_end(client):
    client.put(f"{EM}AveragingTime", 0.05)
    made = client.get(f"{EM}ExposureCount")
    client.put(f"{EM}AcquireMode", "Multiple")
    client.put(f"{EM}NumAcquire", 3)
    client.put(f"{EM}Acquire", 1)
    assert (client.get(f"{EM}NumAcquired"), client.get(f"{EM}ExposureCount")) == (3, made + 3)
    client.put(f"{EM}AcquireMode", "Continuous")
    client.subscribe(f"{EM}NumAcquired", f"{EM}Acquire")
    number = client.start(f"{EM}Acquire", 1)
    client.until(lambda: client.latest(f"{EM}NumAcquired") >= 4)
    assert number not in client._answers
    client.put(f"{EM}Acquire", 0)
    assert client.completed(number)
    client.until(lambda: client.latest(f"{EM}Acquire") == 0)
    client.put(f"{EM}AcquireMode", "Single")


def test_a_stopped_averaging_gives_nothing(client):
    client.put(f"{EM}AveragingTime", 1000.0)
    made = client.get(f"{EM}ExposureCount")
    number = client.start(f"{EM}Acquire", 1)
    client.put(f"{EM}Acquire", 0)
    assert client.completed(number)
    assert (client.get(f"{EM}ExposureCount"), client.get(f"{EM}Acquire")) == (made, 0)


# ---- time series


def test_a_series_grows_and_completes(client):
    client.put(f"{WF}:TSNumPoints", 4000)
    client.subscribe(f"{WF}.NORD", f"{WF}:TSAcquiring")
    made = client.get(f"{WF}:ExposureCount")
    number = client.start(f"{WF}:TSControl", "Erase/Start")
    client.until(lambda: 0 < client.latest(f"{WF}.NORD") < 4000)
    assert client.completed(number)
    samples = client.array(WF)
    assert len(samples) == client.get(f"{WF}.NORD") == client.get(f"{WF}:TSCurrentPoint") == 4000
    # whole periods of 5 Hz at 1 ms
    assert sum(samples) / 4000 == pytest.approx(1.0, abs=0.001)
    assert max(samples) == pytest.approx(1.25, abs=0.05)
    assert client.get(f"{WF}:ExposureCount") == made + 1
    seen = [one[2] for one in client.arrived if one[:2] == ("monitor", f"{WF}.NORD")]
    grown = seen[seen.index(0) :]
    assert grown == sorted(grown)


def test_a_stopped_series_goes_on_and_an_erased_one_is_empty(client):
    client.put(f"{WF}:TSNumPoints", 4096)
    client.put(f"{WF}:TSControl", "Erase")
    assert client.array(WF) == []
    client.subscribe(f"{WF}.NORD")
    number = client.start(f"{WF}:TSControl", "Start")
    client.until(lambda: client.latest(f"{WF}.NORD") > 0)
    client.put(f"{WF}:TSControl", "Stop")
    assert client.completed(number)
    first = client.array(WF)
    assert 0 < len(first) < 4096
    client.put(f"{WF}:TSNumPoints", len(first) + 5)
    client.put(f"{WF}:TSControl", "Start")
    assert len(client.array(WF)) == len(first) + 5
    assert client.array(WF)[: len(first)] == first


# ---- the file-writing detector


def test_an_acquisition_is_one_file_when_the_put_completes(client):
    client.put(f"{DET}NumImages", 12)
    client.put(f"{DET}ExposureTime", 0.05)
    client.put(f"{DET}FileName", "scan+1")
    made, before = client.get(f"{DET}ImageCounter"), client.get("BENCH:SIM:Time")
    client.put(f"{DET}Acquire", 1)
    assert client.get(f"{DET}Acquire") == 0
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(12 * 0.05 + 0.002)
    assert [client.get(f"{DET}Frames{name}_RBV") for name in ("Written", "Dropped")] == [12, 0]
    assert (client.get(f"{DET}WriteStatus"), client.get(f"{DET}ImageCounter")) == (0, made + 12)
    with h5py.File(client.get(f"{DET}FullFileName_RBV")) as file:
        assert file["entry/data/data"].shape == (12, 192, 256)
        assert list(file["entry/data/number"]) == list(range(made + 1, made + 13))


def test_stopped_it_closes_its_file_with_what_there_is(client):
    client.put(f"{DET}NumImages", 10_000)
    client.put(f"{DET}ExposureTime", 0.1)
    client.subscribe(f"{DET}FramesWritten_RBV")
    number = client.start(f"{DET}Acquire", 1)
    client.until(lambda: client.latest(f"{DET}FramesWritten_RBV") > 20)
    client.put(f"{DET}Acquire", 0)
    assert client.completed(number)
    written = client.get(f"{DET}FramesWritten_RBV")
    with h5py.File(client.get(f"{DET}FullFileName_RBV")) as file:
        assert len(file["entry/data/data"]) == written < 10_000


def test_a_missing_directory_is_an_error_that_the_put_does_not_tell(client):
    root = client.get(f"{DET}FilePath")
    client.put(f"{DET}FilePath", f"{root}gone")
    assert (client.get(f"{DET}FilePath"), client.get(f"{DET}FilePathExists_RBV")) == (f"{root}gone/", 0)
    client.put(f"{DET}Acquire", 1)
    assert (client.get(f"{DET}WriteStatus"), client.severity(f"{DET}WriteStatus")) == (1, 2)
    assert "No such file or directory" in client.get(f"{DET}WriteMessage")
    client.put(f"{DET}FilePath", root)
    client.put(f"{DET}NumImages", 1)
    client.put(f"{DET}Acquire", 1)
    assert (client.get(f"{DET}WriteStatus"), client.severity(f"{DET}WriteStatus")) == (0, 0)


@pytest.mark.parametrize(("name", "value"), [("FilePath", "/etc"), ("FilePath", "../.."), ("FileName", "../a")])
def test_a_client_cannot_make_it_write_elsewhere(client, name, value):
    before = client.get(f"{DET}{name}")
    with pytest.raises(ca.ErrorResponseReceived, match=r"must be below|no path"):
        client.put(f"{DET}{name}", value)
    assert client.get(f"{DET}{name}") == before


def test_the_server_answers_while_a_frame_is_written(client, connect, served):
    # 10 000 frames of nearly no time: as fast as the writer can
    client.put(f"{DET}NumImages", 2000)
    client.put(f"{DET}ExposureTime", 0.003)
    number = client.start(f"{DET}Acquire", 1)
    other = connect(served.ports["beamline"])
    other.put("gp:m1", other.get("gp:m1.RBV") + 1.0)
    assert number not in client._answers
    client.put(f"{DET}Acquire", 0)
    assert client.completed(number)
    assert client.get(f"{DET}FramesDropped_RBV") == 0
