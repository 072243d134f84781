"""Detectors that a gate unit triggers, over a control system in process: what they refuse, and what they announce."""

import h5py
import numpy as np
import pytest

from beam.errors import OutOfReach
from beam.trajectory import Stretch
from devices import Flight
from devices.disk_probe import bytes_per_s
from devices.errors import BadReading, DeviceError
from devices.frame_files import FRAMES, cut_frames, frames_in
from devices.gate_numbers import agreeing, rows_there
from devices.gated_documents import Column, GatedDocuments

X = "sample_stage.x"


def flight(gates, gate_s, *detectors):
    return Flight(
        (Stretch({X: np.linspace(0.0, 1e-4 * gates, gates + 1)}, np.full(gates, gate_s)),), detectors=detectors
    )


@pytest.fixture
def camera(bl):
    server = bl.fake.server
    for name, size in (("SizeX_RBV", 1024), ("SizeY_RBV", 1024), ("BinX_RBV", 1), ("BinY_RBV", 1), ("DataType_RBV", 3)):
        server.post(f"BL09U:CAM:cam1:{name}", size)
    return bl.flyer.detectors["camera"]


@pytest.fixture
def sdd(bl):
    return bl.flyer.detectors["sdd"]


def test_only_what_is_wired_can_be_triggered_and_counters_are_latched_anyway(bl, camera, sdd):
    assert bl.flyer.gated([bl.counter, bl.camera, bl.sdd]) == (camera, sdd)
    assert bl.flyer.gated([bl.i0]) == ()
    with pytest.raises(OutOfReach, match="is on none of its trigger outputs; it reads counter, sdd, camera"):
        bl.flyer.gated([bl.temperature])


def test_gates_shorter_than_a_detector_can_follow_are_refused_with_those_that_would_do(bl, camera, sdd):
    with pytest.raises(OutOfReach, match=r"camera: gates of 0\.0119 s; .* gates of 0\.012 s or longer would do"):
        bl.flyer.check_flight(flight(10, 0.0119, camera))
    with pytest.raises(OutOfReach, match=r"sdd: gates of 0\.0004 s; it needs 0\.0005 s for each"):
        bl.flyer.check_flight(flight(10, 0.0004, sdd))
    bl.flyer.check_flight(flight(10, 0.0121, camera, sdd))


def test_more_frames_a_second_than_the_disk_takes_are_refused_with_the_gate_that_would_do(bl, camera, monkeypatch):
    probes = []
    monkeypatch.setattr("devices.gated_camera.bytes_per_s", lambda directory: probes.append(directory) or 4e6)
    with pytest.raises(OutOfReach, match=r"20 frames a second, 41\.94 MB/s; its disk sustained 4 MB/s .* 0\.525 s or"):
        bl.flyer.check_flight(flight(100, 0.05, camera))
    bl.flyer.check_flight(flight(100, 0.53, camera))
    assert len(probes) == 1  # a probe is good for a while
    bl.flyer.check_flight(flight(20, 0.05, camera))  # these find room in the queue


def test_more_spectra_than_the_store_takes_are_refused_if_the_buffer_cannot_hold_them(bl, sdd):
    bl.fake.server.post("BL09U:SDD:StoreRate_RBV", 100.0)
    with pytest.raises(OutOfReach, match=r"its store sustained 100 a second in a probe: gates of 0\.01 s or longer"):
        bl.flyer.check_flight(flight(20_000, 0.001, sdd))
    bl.flyer.check_flight(flight(5_000, 0.001, sdd))


def test_a_flight_says_what_its_detectors_write(camera, sdd):
    assert camera.flight_bytes(flight(100, 0.1)) == 100 * 2 * 1024 * 1024
    assert sdd.flight_bytes(flight(100, 0.1)) == 100 * (4 * 2048 + 8 * (5 + 6))


def test_a_detector_must_be_armed_before_the_flyer_flies(bl, sdd, camera):
    for one in (sdd, camera):
        with pytest.raises(DeviceError, match="not prepared"):
            one.kickoff()
        with pytest.raises(DeviceError, match="it is not armed: it would miss each gate"):
            one.take_off(None, lambda _: None)
        with pytest.raises(DeviceError, match="kick off its flyer first"):
            one.complete()


def test_the_rest_of_a_flight_triggers_the_same_detectors(sdd):
    assert flight(10, 0.1, sdd).rest(4).detectors == (sdd,)


# ---- whether rows agree


def numbers(path, *gates):
    with h5py.File(path, "w") as file:
        file["gate"] = np.array(gates, float)
    return str(path), "gate"


def test_rows_agree_up_to_the_first_gate_that_one_file_lacks(tmp_path):
    rows = numbers(tmp_path / "rows.h5", 5, 6, 7, 8, 9)
    assert agreeing(rows, numbers(tmp_path / "whole.h5", 5, 6, 7, 8, 9), 0, 5) == 5
    assert agreeing(rows, numbers(tmp_path / "short.h5", 5, 6, 7), 0, 5) == 3
    missed = numbers(tmp_path / "missed.h5", 5, 6, 8, 9)
    assert agreeing(rows, missed, 0, 4) == 2
    assert agreeing(rows, missed, 1, 4) == 2
    assert agreeing(rows, (str(tmp_path / "none.h5"), "gate"), 0, 4) == 0
    assert rows_there(*rows, 4) == 4
    assert rows_there(*rows, 9) == 5


def test_documents_say_where_each_thing_is_in_the_file():
    documents = GatedDocuments()
    assert list(documents.collect(3)) == []
    documents.take("/data/a.h5", {"camera_image": Column(FRAMES, 1), "camera_gate": Column("/gates", 16)})
    found = list(documents.collect(3))
    assert [kind for kind, _ in found] == ["stream_resource"] * 2 + ["stream_datum"] * 2
    assert found[1][1]["parameters"] == {"dataset": "/gates", "swmr": True, "chunk_shape": [16]}
    assert found[3][1]["indices"] == {"start": 0, "stop": 3}
    assert list(documents.collect(3)) == []
    documents.begin()
    documents.take("/data/b.h5", {"camera_image": Column(FRAMES, 1)})
    assert next(documents.collect(1))[1]["uri"] == "file://localhost/data/b.h5"


def test_frames_of_spoiled_gates_are_cut_off_a_file(tmp_path):
    path = str(tmp_path / "frames.h5")
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset(FRAMES, data=np.arange(24).reshape(6, 2, 2), maxshape=(None, 2, 2), chunks=(1, 2, 2))
        about = file.create_group("/entry/instrument/NDAttributes")
        about.create_dataset("GateNumber", data=np.arange(6), maxshape=(None,), chunks=(4,))
    cut_frames(path, 4)
    assert frames_in(path) == 4
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["/entry/instrument/NDAttributes/GateNumber"], range(4))
    with pytest.raises(BadReading, match="holds 4 frames, not 5"):
        cut_frames(path, 5)
    with pytest.raises(BadReading, match="cannot be taken out"):
        cut_frames(str(tmp_path / "none.h5"), 1)


def test_a_probe_leaves_nothing_behind(tmp_path):
    assert bytes_per_s(tmp_path) > 1e4
    assert list(tmp_path.iterdir()) == []
    assert bytes_per_s(tmp_path / "elsewhere") is None
