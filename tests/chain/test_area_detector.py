"""An area detector of the bench, seen by a raw client: acquisition, wiring, what is computed of its frames."""

import caproto as ca
import numpy as np
import pytest

from beam import bench, facts
from ioc_sim.inventory import inventory
from ioc_sim.launch import Simulation

SPOT, PATTERN = "ad:", "XF:31IDA-BI{Cam:Tbl}:"
CAM = f"{SPOT}cam1:"
WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    with Simulation("bench", time_scale=20.0, seed=5, files=files) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    client = connect(served.ports["beamline"])
    for name in [one for one in bench.load("bench").devices["spot_camera"].plugins if one != "image1"]:
        client.put(f"{SPOT}{name}:EnableCallbacks", 0)
    settings = {"ImageMode": "Multiple", "NumImages": 3, "AcquireTime": 0.05, "AcquirePeriod": 0.1}
    settings |= {"TriggerMode": "Internal", "ArrayCounter": 0, "MinX": 0, "MinY": 0, "SizeX": WIDTH, "SizeY": HEIGHT}
    settings |= {"BinX": 1, "BinY": 1, "ReverseX": 0, "ReverseY": 0, "Gain": 1, "DataType": "UInt16", "NumExposures": 1}
    settings |= {"ColorMode": "Mono", "WaitForPlugins": "Yes"}
    put(client, CAM, **settings)
    put(client, f"{SPOT}image1:", EnableCallbacks=1, ArrayCounter=0, NDArrayPort="SIM1")
    return client


def put(client, prefix, **settings):
    for name, value in settings.items():
        client.put(prefix + name, value)


def read(client, prefix, *names):
    return [client.get(prefix + name) for name in names]


def image(client, shape=(HEIGHT, WIDTH)):
    return np.array(client.array(f"{SPOT}image1:ArrayData")).reshape(shape)


# ---- records


def test_what_the_inventory_lists_is_served_as_adcore_has_it(client):
    listed = inventory(facts.load_facility(), bench.load("bench"))
    assert sum(name.startswith(SPOT) for name in listed) > 900
    wanted = {
        "cam1:ImageMode": ("enum", ("Single", "Multiple", "Continuous")),
        "cam1:DetectorState_RBV": ("enum", ("Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting", "Error")),
        "cam1:AcquireTime_RBV": ("float", ()),
        "cam1:ArrayCounter": ("int", ()),
        "cam1:StatusMessage_RBV": ("text", ()),
        "HDF1:FilePath": ("text", ()),
        "HDF1:FileWriteMode_RBV": ("enum", ("Single", "Capture", "Stream")),
        "HDF1:Compression": ("enum", ("None", "N-bit", "szip", "zlib", "Blosc", "BSLZ4", "LZ4", "JPEG")),
        "HDF1:WriteStatus": ("enum", ("Write OK", "Write error")),
        "HDF1:PluginType_RBV": ("string", ()),
        "ROI1:NDArrayPort": ("string", ()),
        "Over1:8:Shape": ("enum", ("Cross", "Rectangle", "Ellipse", "Text")),
    }
    for name, (kind, choices) in wanted.items():
        one = listed[SPOT + name]
        assert (one.dtype, one.enum_strings[: len(choices)]) == (kind, choices), name
        assert client.channel(SPOT + name).native_data_count == one.length
    assert (listed[f"{SPOT}HDF1:FilePath"].length, listed[f"{SPOT}HDF1:FullFileName_RBV"].length) == (256, 512)


def test_records_have_their_fields(client):
    assert client.get(f"{CAM}DataType_RBV.DISA") == 0
    assert client.get(f"{CAM}ImageMode.TWST") == "Continuous"
    assert client.get(f"{CAM}Acquire.ONAM") == "Acquire"
    assert client.get(f"{CAM}AcquireTime.RTYP") == "ao"
    assert client.get(f"{CAM}AcquireTime_RBV.PREC") == 3
    assert client.get(f"{SPOT}HDF1:FilePath.NELM") == 256
    assert client.get(f"{CAM}BinX.NAME") == f"{CAM}BinX"


def test_a_readback_cannot_be_written_and_follows_its_set_point(client):
    client.subscribe(f"{CAM}AcquireTime_RBV")
    client.put(f"{CAM}AcquireTime", 0.25)
    assert client.latest(f"{CAM}AcquireTime_RBV") == 0.25
    with pytest.raises(ca.ErrorResponseReceived):
        client.put(f"{CAM}AcquireTime_RBV", 1.0)
    with pytest.raises(ca.ErrorResponseReceived, match="is no number"):
        client.put(f"{CAM}AcquireTime", float("nan"))
    put(client, CAM, AcquireTime=-1.0, NumImages=-5, BinX=10_000, SizeY=10**6, MinY=200)
    assert read(client, CAM, "AcquireTime_RBV", "NumImages_RBV", "BinX_RBV", "MinY_RBV", "SizeY_RBV") == [
        1e-6, 1, WIDTH, 200, HEIGHT - 200,
    ]  # fmt: skip


# ---- acquisition


def test_a_series_takes_its_time_and_completes_at_its_end(client):
    client.subscribe(f"{CAM}DetectorState_RBV", f"{CAM}Acquire_RBV", f"{CAM}ArrayCounter_RBV", f"{CAM}AcquireBusy")
    before = client.get("BENCH:SIM:Time")
    arrived = client.put(f"{CAM}Acquire", 1)
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(2 * 0.1 + 0.05)
    assert [one[2] for one in arrived if one[1] == f"{CAM}ArrayCounter_RBV"] == [1, 2, 3]
    states = [one[2] for one in arrived if one[1] == f"{CAM}DetectorState_RBV"]
    assert states == [1, 2, 7, 1, 2, 7, 1, 2, 0]
    assert [one[2] for one in arrived if one[1] == f"{CAM}Acquire_RBV"] == [1, 0]
    assert [one[2] for one in arrived if one[1] == f"{CAM}AcquireBusy"] == [1, 0]
    assert read(client, CAM, "NumImagesCounter_RBV", "StatusMessage_RBV") == [3, "Waiting for acquisition"]
    assert read(client, CAM, "ArraySizeX_RBV", "ArraySizeY_RBV", "ArraySize_RBV") == [WIDTH, HEIGHT, 2 * WIDTH * HEIGHT]
    assert read(client, f"{SPOT}image1:", "ArrayCounter_RBV", "UniqueId_RBV", "DataType_RBV") == [3, 3, 3]


def test_an_exposure_longer_than_the_period_is_not_cut(client):
    put(client, CAM, AcquireTime=0.2, AcquirePeriod=0.05)
    before = client.get("BENCH:SIM:Time")
    client.put(f"{CAM}Acquire", 1)
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(3 * 0.2)
    assert client.get(f"{CAM}AcquirePeriod_RBV") == 0.05


def test_one_image_and_images_without_end(client):
    client.put(f"{CAM}ImageMode", "Single")
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{CAM}ArrayCounter_RBV") == 1
    client.put(f"{CAM}ImageMode", "Continuous")
    client.subscribe(f"{CAM}ArrayCounter_RBV")
    number = client.start(f"{CAM}Acquire", 1)
    client.until(lambda: client.latest(f"{CAM}ArrayCounter_RBV") >= 8)
    assert number not in client._answers
    client.put(f"{CAM}Acquire", 0)
    assert client.completed(number)
    assert read(client, CAM, "Acquire_RBV", "DetectorState_RBV", "StatusMessage_RBV") == [0, 0, "Acquisition stopped"]


def test_a_stopped_exposure_gives_no_frame(client):
    client.put(f"{CAM}AcquireTime", 1000.0)
    number = client.start(f"{CAM}Acquire", 1)
    client.put(f"{CAM}Acquire", 0)
    assert client.completed(number)
    assert read(client, CAM, "ArrayCounter_RBV", "DetectorState_RBV", "Acquire", "AcquireBusy") == [0, 10, 0, 0]


def test_exposures_of_one_image_are_added(client):
    put(client, CAM, ImageMode="Single", NumExposures=4)
    before = client.get("BENCH:SIM:Time")
    client.put(f"{CAM}Acquire", 1)
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(0.2)
    assert image(client).max() == pytest.approx(2.01e5 * 0.2, rel=0.05)


def test_an_external_trigger_starts_each_exposure(client):
    client.put(f"{CAM}TriggerMode", "External")
    client.subscribe(f"{CAM}DetectorState_RBV", f"{CAM}ArrayCounter_RBV", f"{CAM}TriggersMissed")
    missed = client.latest(f"{CAM}TriggersMissed")
    number = client.start(f"{CAM}Acquire", 1)
    for image_ in range(1, 4):
        client.until(lambda: client.latest(f"{CAM}DetectorState_RBV") == 7)
        put(client, CAM, TriggerSignal=1)
        put(client, CAM, TriggerSignal=0)
        client.until(lambda n=image_: client.latest(f"{CAM}ArrayCounter_RBV") == n)
    assert client.completed(number)
    assert client.latest(f"{CAM}TriggersMissed") == missed
    put(client, CAM, AcquireTime=1000.0)
    number = client.start(f"{CAM}Acquire", 1)
    client.until(lambda: client.latest(f"{CAM}DetectorState_RBV") == 7)
    for level in (1, 0, 1, 0):
        put(client, CAM, TriggerSignal=level)
    client.until(lambda: client.latest(f"{CAM}TriggersMissed") == missed + 1)
    client.put(f"{CAM}Acquire", 0)
    assert client.completed(number)


def test_a_gate_is_the_exposure(client):
    put(client, CAM, TriggerMode="External gate", ImageMode="Single")
    client.subscribe(f"{CAM}DetectorState_RBV")
    number = client.start(f"{CAM}Acquire", 1)
    client.until(lambda: client.latest(f"{CAM}DetectorState_RBV") == 7)
    before = client.get("BENCH:SIM:Time")
    put(client, CAM, TriggerSignal=1)
    client.until(lambda: client.latest(f"{CAM}DetectorState_RBV") == 1)
    client.put("gp:m1", client.get("gp:m1.RBV") + 0.5)  # something that takes time
    moved = client.get("BENCH:SIM:Time")
    put(client, CAM, TriggerSignal=0)
    assert client.completed(number)
    gate = client.get("BENCH:SIM:Time") - moved
    assert gate >= 0.9 * (moved - before)
    expected = 2.01e5 * gate
    assert image(client).max() == (pytest.approx(expected, rel=0.05) if expected < 60_000 else 65535)


# ---- what the camera reads


def test_window_binning_mirrors_and_types(client):
    whole = f"{PATTERN}cam1:"
    put(client, f"{PATTERN}image1:", EnableCallbacks=1)
    put(client, whole, ImageMode="Single", AcquireTime=1e-3, WaitForPlugins=1, DataType="UInt8")

    def picture(shape, **settings):
        put(client, whole, **settings)
        client.put(f"{whole}Acquire", 1)
        return np.array(client.array(f"{PATTERN}image1:ArrayData"), int).reshape(shape)

    first = picture((1024, 1024))
    ramp = (np.arange(1024)[:, None] + np.arange(1024)) % 256
    assert ((first - ramp) % 256 == (first - ramp)[0, 0] % 256).all()
    part = picture((20, 30), MinX=10, MinY=40, SizeX=30, SizeY=20)
    assert len({int(one) for one in (part - ramp[40:60, 10:40]).ravel() % 256}) == 1
    mirrored = picture((20, 30), ReverseX=1)
    assert ((mirrored[:, ::-1] - part) % 256 == (mirrored[0, -1] - part[0, 0]) % 256).all()
    binned = picture((10, 15), ReverseX=0, BinX=2, BinY=2)
    assert binned.max() <= 255
    assert read(client, whole, "ArraySizeX_RBV", "ArraySizeY_RBV") == [15, 10]
    coloured = picture((10, 15, 3), ColorMode="RGB1")
    assert (coloured[..., 0] == coloured[..., 2]).all()
    assert read(client, whole, "NDimensions_RBV", "ArraySizeX_RBV", "ArraySizeZ_RBV", "ColorMode_RBV") == [3, 15, 3, 1]
    put(client, whole, ColorMode="Mono", BinX=1, BinY=1, MinX=0, MinY=0, SizeX=1024, SizeY=1024)


# ---- plugins


def test_a_disabled_plugin_sees_nothing_and_ports_can_be_rewired(client):
    put(client, f"{SPOT}ROI1:", EnableCallbacks=1, ArrayCounter=0, NDArrayPort="SIM1", MinX=100, SizeX=50, MinY=80,
        SizeY=40, BinX=1, BinY=1)  # fmt: skip
    put(client, f"{SPOT}image1:", NDArrayPort="ROI1")
    client.put(f"{CAM}Acquire", 1)
    assert read(client, f"{SPOT}image1:", "ArrayCounter_RBV", "ArraySizeX_RBV", "ArraySizeY_RBV") == [3, 50, 40]
    client.put(f"{SPOT}ROI1:EnableCallbacks", 0)
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{SPOT}image1:ArrayCounter_RBV") == 3
    client.put(f"{SPOT}ROI1:EnableCallbacks", 1)
    client.put(f"{SPOT}ROI1:SizeX", 1000)
    client.put(f"{SPOT}ROI1:BinX", 2)
    client.put(f"{CAM}Acquire", 1)
    assert read(client, f"{SPOT}ROI1:", "SizeX_RBV", "ArraySizeX_RBV", "MaxSizeX_RBV") == [220, 110, WIDTH]
    client.put(f"{CAM}ArrayCallbacks", 0)
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{SPOT}image1:ArrayCounter_RBV") == 6
    client.put(f"{CAM}ArrayCallbacks", 1)


def test_a_port_that_there_is_not_is_shown_and_hears_nothing(client):
    put(client, f"{SPOT}Stats1:", EnableCallbacks=1, ArrayCounter=0, NDArrayPort="AARDVARK")
    assert client.get(f"{SPOT}Stats1:NDArrayPort_RBV") == "AARDVARK"
    assert client.severity(f"{SPOT}Stats1:NDArrayPort") == 3
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{SPOT}Stats1:ArrayCounter_RBV") == 0
    client.put(f"{SPOT}Stats1:NDArrayPort", "STATS1")
    assert client.severity(f"{SPOT}Stats1:NDArrayPort") == 3
    client.put(f"{SPOT}Stats1:NDArrayPort", "SIM1")
    assert client.severity(f"{SPOT}Stats1:NDArrayPort") == 0


def test_statistics_are_those_of_the_image(client):
    put(client, f"{SPOT}Stats1:", EnableCallbacks=1, NDArrayPort="SIM1", ComputeStatistics=1, ComputeCentroid=1,
        CentroidThreshold=500, ComputeProfiles=1, ComputeHistogram=1, HistMin=0, HistMax=20_000)  # fmt: skip
    put(client, CAM, ImageMode="Single")
    client.put(f"{CAM}Acquire", 1)
    pixels = image(client)
    found = read(client, f"{SPOT}Stats1:", "MinValue_RBV", "MaxValue_RBV", "MeanValue_RBV", "Sigma_RBV", "Total_RBV")
    assert found == pytest.approx([pixels.min(), pixels.max(), pixels.mean(), pixels.std(), pixels.sum()])
    assert read(client, f"{SPOT}Stats1:", "CentroidX_RBV", "CentroidY_RBV") == pytest.approx([159.5, 119.5], abs=0.3)
    assert read(client, f"{SPOT}Stats1:", "SigmaX_RBV", "SigmaY_RBV") == pytest.approx([27, 27], abs=2)
    assert client.array(f"{SPOT}Stats1:ProfileAverageX_RBV") == pytest.approx(list(pixels.mean(axis=0)))
    assert sum(client.array(f"{SPOT}Stats1:Histogram_RBV")) == pixels.size


def test_an_average_over_frames_has_less_noise(client):
    put(client, f"{SPOT}Proc1:", EnableCallbacks=1, NDArrayPort="SIM1", NumFilter=9, FilterType="RecursiveAve",
        EnableFilter=1, ResetFilter=0, DataTypeOut="Float64", FilterCallbacks="Array N only")  # fmt: skip
    put(client, f"{SPOT}Stats1:", EnableCallbacks=1, NDArrayPort="PROC1", ComputeStatistics=1, ArrayCounter=0)
    put(client, CAM, NumImages=9, MinX=0, MinY=0, SizeX=20, SizeY=20)
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{SPOT}Stats1:ArrayCounter_RBV") == 1
    assert client.get(f"{SPOT}Proc1:NumFiltered_RBV") == 9
    one, all_ = image(client, (20, 20)).std(), client.get(f"{SPOT}Stats1:Sigma_RBV")
    assert all_ == pytest.approx(one / 3, rel=0.3)
    put(client, f"{SPOT}Proc1:", EnableFilter=0, DataTypeOut="Automatic")


def test_overlays_turns_and_colours(client):
    put(client, f"{SPOT}Over1:", EnableCallbacks=1, NDArrayPort="SIM1")
    put(client, f"{SPOT}Over1:", **{"1:Use": 1, "1:PositionX": 5, "1:PositionY": 7, "1:SizeX": 11, "1:SizeY": 9,
        "1:Green": 65535, "1:Shape": "Rectangle", "1:WidthX": 1, "1:WidthY": 1})  # fmt: skip
    put(client, f"{SPOT}Trans1:", EnableCallbacks=1, NDArrayPort="OVER1", Type="Rot90")
    put(client, f"{SPOT}CC1:", EnableCallbacks=1, NDArrayPort="TRANS1", ColorModeOut="RGB3")
    put(client, f"{SPOT}image1:", NDArrayPort="CC1")
    put(client, CAM, ImageMode="Single")
    client.put(f"{CAM}Acquire", 1)
    red, green, _ = image(client, (3, WIDTH, HEIGHT))
    assert (red == green).all()
    turned = np.rot90(red)  # back
    assert (turned[7, 5:16] == 65535).all()
    assert (turned[7:16, 15] == 65535).all()
    assert (turned[8:15, 6:15] < 65535).all()
    assert client.get(f"{SPOT}Over1:1:CenterX_RBV") == 10
    put(client, f"{SPOT}Over1:", **{"1:Use": 0})


def test_a_circular_buffer_hands_on_what_was_before_its_trigger(client):
    buffer = f"{SPOT}CB1:"
    put(client, buffer, EnableCallbacks=1, NDArrayPort="SIM1", PreCount=3, PostCount=2, PresetTriggerCount=1)
    put(client, f"{SPOT}image1:", NDArrayPort="CB1", ArrayCounter=0)
    put(client, CAM, NumImages=5)
    number = client.start(f"{buffer}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert read(client, buffer, "CurrentQty_RBV", "StatusMessage") == [3, "Buffer Wrapping"]
    assert client.get(f"{SPOT}image1:ArrayCounter_RBV") == 0
    triggered = client.start(f"{buffer}Trigger", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(triggered)
    assert client.completed(number)
    assert read(client, buffer, "ActualTriggerCount_RBV", "Capture_RBV", "Trigger_RBV", "StatusMessage") == [
        1, 0, 0, "Acquisition Completed",
    ]  # fmt: skip
    assert read(client, f"{SPOT}image1:", "ArrayCounter_RBV", "UniqueId_RBV") == [5, 7]
    client.put(f"{buffer}PreCount", 1000)
    assert read(client, buffer, "PreCount_RBV", "StatusMessage") == [3, "Pre-count too high"]


def test_the_server_answers_while_frames_are_rendered(client, connect, served):
    put(client, CAM, NumImages=200, AcquireTime=0.01, AcquirePeriod=0.0)
    number = client.start(f"{CAM}Acquire", 1)
    other = connect(served.ports["beamline"])
    for _ in range(20):
        other.get("gp:m1.RBV")
    assert number not in client._answers
    client.put(f"{CAM}Acquire", 0)
    assert client.completed(number)
