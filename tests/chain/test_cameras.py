"""Detectors that write files, as the command line runs them: proven, failing with the right words, read back."""

import json
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from daq.catalogue import find_run, stop_catalogue, wait_until_readable
from daq.export.source import from_journal
from tests.harness import ROOT

FULL = "No space left on device"
ENDED_WELL = ("well", "many", "after")

pytestmark = pytest.mark.full  # test_diffraction_camera.py has a camera over the wire in less time


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """What became of each run, and where the data are; the catalogue process ends with the module."""
    data = tmp_path_factory.mktemp("cameras") / "data"
    probe = [sys.executable, "-m", "tests.chain.camera_probe", str(data)]
    answer = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert answer.returncode == 0, answer.stderr
    yield json.loads(answer.stdout.splitlines()[-1]), data
    stop_catalogue(data)


@pytest.fixture(scope="module")
def images(probed):
    """Return a function that reads the frames of a stream of a run from the catalogue."""
    found, data = probed
    clients = []

    def read(name, stream="primary"):
        uid = found[name]["uid"]
        wait_until_readable(data, uid)
        clients.append(find_run(data, uid))
        (key,) = [key for key in clients[-1][stream] if key.endswith("_image")]
        return clients[-1][stream][key][...]

    yield read
    for one in clients:
        one.context.http_client.close()


def stop_of(probed, name):
    """Return the stop document, and the only event of the stream `integrity`, of a run."""
    found, data = probed
    run = from_journal(data, found[name]["uid"])
    report = {key: values[0] for key, values in run.streams["integrity"].columns.items()}
    return run.stop, report


@pytest.mark.parametrize(("detector", "size"), [("camera", (192, 256)), ("spot_camera", (240, 320))])
def test_frames_are_proven_and_read_back_as_an_array(probed, images, detector, size):
    found, _ = probed
    assert [found[f"{detector} {name}"]["error"] for name in ENDED_WELL] == ["", "", ""]
    stop, report = stop_of(probed, f"{detector} many")
    assert stop["exit_status"] == "success"
    assert (report["integrity_frames_expected"], report["integrity_frames_written"]) == (8, 8)
    well, many = images(f"{detector} well"), images(f"{detector} many")
    assert (well.shape, many.shape, well.dtype) == ((3, *size), (2, 4, *size), np.uint16)
    assert well[0].any()
    assert (well[0] != well[1]).any()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("camera disk", f"camera: its writer failed after 2 of 4 frames: {FULL}"),
        ("spot_camera disk", "spot_camera: its writer failed after "),
        ("camera dropped", "camera: dropped 2 of 6 frames ("),
        ("spot_camera dropped", "spot_camera: its file plugin dropped "),
        ("camera stuck", "camera: waited "),
        ("spot_camera stuck", "spot_camera: waited "),
        ("camera stopped", "of 1000 frames: somebody stopped it"),
        ("spot_camera stopped", "of 1000 frames: somebody stopped it (Acquisition stopped)"),
        ("changed", "Invalid frame. Ignoring."),
        ("repeated late", "spot_camera.file_per_trigger = True lets points be repeated"),
        ("two streams", "streams 'dark' and 'primary': it must be staged for each stream by itself"),
    ],
)
def test_what_is_wrong_fails_the_run_in_one_clear_line(probed, name, words):
    found, _ = probed
    assert words in found[name]["error"]
    assert "\n" not in found[name]["error"]
    stop, _ = stop_of(probed, name)
    assert stop["exit_status"] == "fail"
    assert words in stop["reason"]


@pytest.mark.parametrize("detector", ["camera", "spot_camera"])
def test_a_directory_that_does_not_exist_is_refused_before_anything_is_exposed(probed, detector):
    found, _ = probed
    one = found[f"{detector} missing"]
    assert one["error"].startswith(f"Refused: {detector}: its directory ")
    assert "does not exist" in one["error"]
    assert one["uid"] == ""


@pytest.mark.parametrize("detector", ["camera", "spot_camera"])
def test_points_before_a_full_disk_can_be_read(probed, images, detector):
    found, _ = probed
    assert FULL in found[f"{detector} disk"]["error"]
    assert found[f"{detector} disk"]["points"] == 1
    frames = images(f"{detector} disk")
    assert frames.shape[:2] == (1, 4)
    assert all(frame.any() for frame in frames[0])


def test_a_point_that_is_taken_again_does_not_shift_the_frames(probed, images):
    found, data = probed
    for name, points in (("repeated", 2), ("repeated in files", 3)):
        assert found[name]["error"] == ""
        totals = from_journal(data, found[name]["uid"]).primary().columns["spot_camera_stats1_total"]
        frames = images(name)
        assert len(frames) == points
        np.testing.assert_array_equal(frames.sum(axis=(1, 2), dtype=float), totals)


def test_dark_and_flat_frames_are_streams_of_their_own(probed, images):
    found, _ = probed
    assert found["darks and flats"]["error"] == ""
    assert [len(images("darks and flats", one)) for one in ("dark", "flat", "primary")] == [2, 1, 3]
    assert found["where"] == {"sample": 0.0, "shutter": False}


def test_a_long_series_ends_with_the_disk_and_keeps_its_frames(terasu, tmp_path):
    scenario = tmp_path / "full.toml"
    scenario.write_text(
        'schema_version = 1\ntitle = "a disk that fills"\n[[faults]]\nat_s = 0.0\nfault = "disk_full"\n'
        'target = "ad:HDF1"\nargs = { frames = 400 }\n'
    )
    words = ("run", "bench", "count", "detectors=[spot_camera]", "num=1000", "--sim", "--time-scale", "100", "--json")
    answer = terasu.command(*words, "--scenario", str(scenario))
    said = json.loads(answer.stdout.splitlines()[-1])
    assert (said["exit_status"], said["num_points"]) == ("fail", 400)
    assert FULL in said["error"]
    terasu.wait_until_readable(said["uid"])
    run = find_run(terasu.data, said["uid"])
    image = run["primary"]["spot_camera_image"]
    assert image.shape == (400, 240, 320)
    totals = run["primary"].read(["time", "spot_camera_stats1_total"])["spot_camera_stats1_total"].values
    for row in (0, 399):
        assert image[row].sum(dtype=float) == totals[row]
    run.context.http_client.close()


def test_frames_are_read_while_the_run_goes_on(terasu):
    process, uid = terasu.start_and_wait_for_points(
        3, "run", "bench", "count", "detectors=[spot_camera]", "num=2000", "--sim", "--seed", "4"
    )
    deadline, seen = time.monotonic() + 60, 0
    while seen < 3 and time.monotonic() < deadline:
        try:
            run = find_run(terasu.data, uid)
        except Exception:
            continue
        if "primary" in run and "spot_camera_image" in run["primary"]:
            image = run["primary"]["spot_camera_image"]
            seen, frame = image.shape[0], image[image.shape[0] - 1]
            row = seen - 1
        run.context.http_client.close()
    assert process.poll() is None, "the run goes on"
    assert seen >= 3
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    _, _, events, stop = terasu.documents(uid)
    assert stop["exit_status"] == "abort"
    data = events["primary"][row]["data"]
    assert frame.sum(dtype=float) == data["spot_camera_stats1_total"]
    with h5py.File(data["spot_camera_file"]) as file:
        assert len(file["entry/data/data"]) >= len(events["primary"])
