"""The files of an area detector: written on demand over the wire, read back by libraries, and what goes wrong."""

import os

import caproto as ca
import h5py
import hdf5plugin
import numpy as np
import pytest
import tifffile
from scipy.io import netcdf_file

from ioc_sim.launch import Simulation

assert hdf5plugin.FILTERS  # importing it lets h5py read what is compressed

AD, FRESH = "ad:", "XF:31IDA-BI{Cam:Tbl}:HDF1:"
CAM, IMAGE, HDF, TIFF = (f"{AD}{name}:" for name in ("cam1", "image1", "HDF1", "TIFF1"))
WIDTH, HEIGHT = 320, 240
IDS = "entry/instrument/NDAttributes/NDArrayUniqueId"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def served(root):
    with Simulation("bench", time_scale=50.0, seed=5, files=root) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect, root, request):
    """A client of a camera that takes three frames a series; files are called as the test."""
    client = connect(served.ports["beamline"])
    put(client, CAM, ImageMode="Multiple", NumImages=3, AcquireTime=0.01, AcquirePeriod=0, ArrayCounter=0)
    put(client, CAM, WaitForPlugins=1, SizeX=WIDTH, SizeY=HEIGHT, DataType="UInt16", MinX=0, MinY=0)
    put(client, IMAGE, EnableCallbacks=1)
    for plugin in (HDF, TIFF, f"{AD}JPEG1:", f"{AD}netCDF1:"):
        put(client, plugin, EnableCallbacks=0, FileWriteMode="Single", AutoSave=0, AutoIncrement=1, CreateDirectory=0)
    put(client, HDF, EnableCallbacks=1, FilePath=str(root), FileName=request.node.name, FileNumber=1)
    put(client, HDF, FileTemplate="%s%s_%4.4d.h5", FileWriteMode="Stream", NumCapture=0, LazyOpen=1, Compression=0)
    put(client, HDF, ChunkSizeAuto=1, SWMRMode=0, NumFramesFlush=0, StoreAttr=1, TempSuffix="", ArrayCounter=0)
    return client


def put(client, prefix, **settings):
    for name, value in settings.items():
        client.put(prefix + name, value)


def read(client, prefix, *names):
    return [client.get(prefix + name) for name in names]


def captured(client, series=1):
    """Stream some series to one file, and open it."""
    number = client.start(f"{HDF}Capture", 1)
    for _ in range(series):
        client.put(f"{CAM}Acquire", 1)
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)
    return h5py.File(client.get(f"{HDF}FullFileName_RBV"))


def image(client, shape=(HEIGHT, WIDTH)):
    return np.array(client.array(f"{IMAGE}ArrayData")).reshape(shape)


def failed(client, plugin=HDF):
    """Return the message of a writer that says it failed."""
    assert read(client, plugin, "WriteStatus") == [1]
    assert client.severity(f"{plugin}WriteStatus") == 2
    return client.get(f"{plugin}WriteMessage")


# ---- HDF5


def test_a_stream_holds_all_frames_with_what_is_known_of_each(client, root):
    with captured(client, series=4) as file:
        frames = file["entry/data/data"]
        assert (frames.shape, frames.dtype, frames.chunks) == ((12, HEIGHT, WIDTH), np.uint16, (1, HEIGHT, WIDTH))
        assert (frames[-1] == image(client)).all()
        assert frames == file["entry/instrument/detector/data"]
        assert list(file[IDS]) == list(range(1, 13))
        attributes = file["entry/instrument/NDAttributes"]
        seconds = attributes["NDArrayEpicsTSSec"][:] + 1e-9 * attributes["NDArrayEpicsTSnSec"][:]
        assert attributes["NDArrayTimeStamp"][:] == pytest.approx(seconds, abs=1e-5)
        assert (np.diff(seconds) > 0).all()
        assert file["entry"].attrs["NX_class"] == "NXentry"
    assert read(client, HDF, "NumCaptured_RBV", "ArrayCounter_RBV", "FileNumber_RBV", "WriteStatus") == [12, 12, 2, 0]
    assert client.get(f"{HDF}FullFileName_RBV") == f"{root}/{client.get(f'{HDF}FileName_RBV')}_0001.h5"


def test_a_stream_ends_by_itself_after_so_many(client):
    put(client, HDF, NumCapture=2)
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert read(client, HDF, "Capture_RBV", "NumCaptured_RBV") == [0, 2]
    with h5py.File(client.get(f"{HDF}FullFileName_RBV")) as file:
        assert list(file[IDS]) == [1, 2]


@pytest.mark.parametrize("compression", ["zlib", "Blosc", "BSLZ4", "LZ4"])
def test_compressed_frames_are_smaller_and_the_same(client, compression):
    put(client, HDF, Compression=compression, BloscCompressor="ZSTD", BloscShuffle="Bit")
    with captured(client) as file:
        frames = file["entry/data/data"]
        assert (frames[-1] == image(client)).all()
        assert frames.id.get_storage_size() < 0.9 * frames.nbytes


def test_chunks_as_they_are_asked_for(client):
    put(client, HDF, ChunkSizeAuto=0, NumFramesChunks=2, NumRowChunks=60, NumColChunks=100)
    with captured(client) as file:
        assert file["entry/data/data"].chunks == (2, 60, 100)
        assert (file["entry/data/data"][-1] == image(client)).all()


def test_another_reads_while_it_is_written(client):
    put(client, HDF, SWMRMode=1)
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert read(client, HDF, "SWMRActive_RBV", "SWMRCbCounter_RBV") == [1, 3]
    with h5py.File(client.get(f"{HDF}FullFileName_RBV"), libver="latest", swmr=True) as file:
        assert file["entry/data/data"].shape[0] == 3
        client.put(f"{CAM}Acquire", 1)
        file["entry/data/data"].refresh()
        file[IDS].refresh()
        assert list(file[IDS]) == [1, 2, 3, 4, 5, 6]
        assert (file["entry/data/data"][5] == image(client)).all()
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)
    assert client.get(f"{HDF}SWMRActive_RBV") == 0


def test_each_frame_of_its_own(client):
    put(client, HDF, FileWriteMode="Single", AutoSave=1)
    client.put(f"{CAM}Acquire", 1)
    path = client.get(f"{HDF}FullFileName_RBV")
    assert path.endswith("_0003.h5")
    for number in (1, 2, 3):
        with h5py.File(path.replace("_0003", f"_000{number}")) as file:
            assert file["entry/data/data"].shape == (HEIGHT, WIDTH)
            assert list(file[IDS]) == [number]
    put(client, HDF, AutoSave=0)
    client.put(f"{HDF}WriteFile", 1)
    assert read(client, HDF, "FileNumber_RBV", "WriteFile", "WriteFile_RBV") == [5, 0, 0]


def test_frames_are_kept_and_written_at_once(client):
    put(client, HDF, FileWriteMode="Capture", NumCapture=5)
    client.put(f"{CAM}Acquire", 1)
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{HDF}NumCaptured_RBV") == 3
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert read(client, HDF, "Capture_RBV", "NumCaptured_RBV") == [0, 5]
    client.put(f"{HDF}WriteFile", 1)
    with h5py.File(client.get(f"{HDF}FullFileName_RBV")) as file:
        assert list(file[IDS]) == [4, 5, 6, 7, 8]
    client.put(f"{HDF}WriteFile", 1)
    assert failed(client) == "ERROR, no capture buffer present"


def test_a_file_has_its_name_when_it_is_whole(client):
    put(client, HDF, TempSuffix=".part")
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    path = client.get(f"{HDF}FullFileName_RBV")
    assert [os.path.exists(one) for one in (path, f"{path}.part")] == [False, True]
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)
    assert [os.path.exists(one) for one in (path, f"{path}.part")] == [True, False]


# ---- the other formats


def test_tiff_jpeg_and_netcdf(client, root):
    jpeg, netcdf = f"{AD}JPEG1:", f"{AD}netCDF1:"
    for plugin, ending in ((TIFF, "tif"), (netcdf, "nc"), (jpeg, "jpg")):
        put(client, plugin, EnableCallbacks=1, FilePath=str(root), FileName="picture", AutoSave=1, FileNumber=7)
        put(client, plugin, FileTemplate=f"%s%s_%3.3d.{ending}", FileWriteMode="Single")
    put(client, CAM, ImageMode="Single")
    client.put(f"{CAM}Acquire", 1)
    pixels = image(client)
    assert (tifffile.imread(root / "picture_007.tif") == pixels).all()
    with tifffile.TiffFile(root / "picture_007.tif") as file:
        tags = {str(tag.value).partition(":")[0] for tag in file.pages[0].tags if tag.code >= 65000}
    assert {"NDArrayUniqueId", "NDArrayTimeStamp", "ColorMode"} <= tags
    with netcdf_file(root / "picture_007.nc", mmap=False) as file:
        assert (file.variables["array_data"][0].view(">u2") == pixels).all()
    assert failed(client, jpeg).endswith("JPEG files hold 8 bits, not uint16")
    put(client, CAM, DataType="UInt8")
    client.put(f"{CAM}Acquire", 1)
    assert client.get(f"{jpeg}WriteStatus") == 0
    assert not (root / "picture_007.jpg").exists()
    assert (root / "picture_008.jpg").read_bytes()[:2] == b"\xff\xd8"


# ---- what goes wrong


def test_a_path_that_does_not_exist(client, root):
    put(client, HDF, FilePath=f"{root}/not/there")
    assert read(client, HDF, "FilePath_RBV", "FilePathExists_RBV") == [f"{root}/not/there/", 0]
    captured_number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(captured_number)
    assert "No such file or directory" in failed(client)
    assert read(client, HDF, "Capture_RBV", "NumCaptured_RBV") == [0, 0]
    put(client, HDF, CreateDirectory=-1)
    put(client, HDF, FilePath=f"{root}/not/there")
    assert client.get(f"{HDF}FilePathExists_RBV") == 0
    put(client, HDF, CreateDirectory=-2)
    put(client, HDF, FilePath=f"{root}/not/there")
    assert client.get(f"{HDF}FilePathExists_RBV") == 1
    captured(client).close()
    assert client.get(f"{HDF}WriteStatus") == 0
    assert client.severity(f"{HDF}WriteStatus") == 0


def test_a_name_that_is_a_directory(client, root):
    (root / f"{client.get(f'{HDF}FileName_RBV')}_0001.h5").mkdir()
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert "Is a directory" in failed(client)
    assert read(client, HDF, "Capture_RBV", "FileNumber_RBV") == [0, 1]


def test_a_path_outside_the_directory_that_may_be_written(client, root):
    for path in ("/etc", f"{root}/../elsewhere", "/"):
        put(client, HDF, FilePath=path)
        assert client.get(f"{HDF}FilePathExists_RBV") == 0
        number = client.start(f"{HDF}Capture", 1)
        client.put(f"{CAM}Acquire", 1)
        assert client.completed(number)
        assert "is not below" in failed(client)


def test_a_name_cannot_lead_outside(client, root):
    put(client, HDF, FileName="../../../etc/frames")
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert "is not below" in failed(client)


def test_without_a_number_the_second_file_is_refused(client):
    put(client, HDF, FileTemplate="%s%s.h5")
    with captured(client) as file:
        assert list(file[IDS]) == [1, 2, 3]
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert "exists, and FileTemplate has no number" in failed(client)
    with h5py.File(client.get(f"{HDF}FilePath_RBV") + client.get(f"{HDF}FileName_RBV") + ".h5") as file:
        assert list(file[IDS]) == [1, 2, 3]


def test_a_template_that_is_none_is_refused(client):
    with pytest.raises(ca.ErrorResponseReceived, match="are allowed, in this order"):
        client.put(f"{HDF}FileTemplate", "%s%s%s%n")
    assert client.get(f"{HDF}FileTemplate_RBV") == "%s%s_%4.4d.h5"


def test_a_frame_of_another_size_is_left_out_and_told(client):
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    put(client, CAM, SizeX=100)
    client.put(f"{CAM}Acquire", 1)
    assert failed(client) == "Invalid frame. Ignoring."
    put(client, CAM, SizeX=WIDTH)
    client.put(f"{CAM}Acquire", 1)
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)
    with h5py.File(client.get(f"{HDF}FullFileName_RBV")) as file:
        assert list(file[IDS]) == [1, 2, 3, 7, 8, 9]
        assert (file["entry/data/data"][-1] == image(client)).all()


def test_capture_before_any_frame_needs_to_open_late(client):
    put(client, FRESH, EnableCallbacks=1, FileWriteMode="Stream")
    client.put(f"{FRESH}Capture", 1)
    assert failed(client, FRESH) == "ERROR, must collect an array to get dimensions first"
    assert read(client, FRESH, "Capture", "Capture_RBV") == [0, 0]
    client.put(f"{CAM}Acquire", 1)
    put(client, HDF, LazyOpen=0)
    before = client.get(f"{HDF}FileNumber_RBV")
    number = client.start(f"{HDF}Capture", 1)
    client.subscribe(f"{HDF}Capture_RBV")
    client.until(lambda: client.latest(f"{HDF}Capture_RBV") == 1)
    assert client.get(f"{HDF}FileNumber_RBV") == before + 1
    client.put(f"{HDF}Capture", 0)
    assert client.completed(number)


def test_single_frames_cannot_be_captured(client):
    put(client, HDF, FileWriteMode="Single")
    client.put(f"{HDF}Capture", 1)
    assert failed(client) == "ERROR: capture not supported in Single mode"
    assert read(client, HDF, "Capture", "Capture_RBV") == [0, 0]


def test_a_compression_that_is_not_simulated_is_told(client):
    put(client, HDF, Compression="JPEG")
    number = client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    assert client.completed(number)
    assert "Compression JPEG is not simulated" in failed(client)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HDF1:XMLFileName", "layout.xml"),
        ("HDF1:NumExtraDims", 1),
        ("CB1:TriggerCalc", "A>1"),
        ("cam1:NDAttributesFile", "a"),
    ],
)
def test_what_is_not_simulated_is_refused(client, name, value):
    before = client.get(AD + name)
    with pytest.raises(ca.ErrorResponseReceived, match="is simulated"):
        client.put(AD + name, value)
    assert client.get(AD + name) == before


def test_a_server_that_ends_closes_its_files(simulate, connect, tmp_path):
    running = simulate("bench", time_scale=50.0, files=tmp_path)
    client = connect(running.ports["beamline"])
    put(client, HDF, EnableCallbacks=1, FileWriteMode="Stream", LazyOpen=1, NumCapture=0)
    put(client, CAM, ImageMode="Multiple", NumImages=4, AcquireTime=0.01, WaitForPlugins=1)
    client.start(f"{HDF}Capture", 1)
    client.put(f"{CAM}Acquire", 1)
    path = client.get(f"{HDF}FullFileName_RBV")
    running.stop()
    with h5py.File(path) as file:
        assert list(file[IDS]) == [1, 2, 3, 4]
