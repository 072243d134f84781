"""Flights whose gates trigger camera and spectrometer, over real servers: rows, frames, spectra of the same gates."""

import re
import threading
import urllib.parse
from pathlib import Path

import h5py
import numpy as np
import pytest
from bluesky.plan_stubs import mv
from bluesky.utils import RunEngineInterrupted
from scanspec import specs

from beam.errors import OutOfReach
from daq.errors import innermost
from daq.export.run_data import RunData
from devices.errors import BadReading
from plans import fly_map, fly_scan, fly_spec, fly_spiral
from tests.chain.guarded import Station

LINE = {"start": -3.0, "stop": 3.0, "num": 41, "gate_s": 0.5}
"""A flight of 20 s: 0.2 of wall time, and what 41 frames take."""
CAMERA = "BL09U:CAM:cam1"


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    one = Station(_acquire.tree, facts.load("bl09u")[1])
    one.roles = {role: _acquire.tree.roles[role] for role in ("flyer", "energy", "shutter", "front_end")}
    one.engine(mv(one.tree.energy, 7200.0))
    yield one
    one.clock.destroy()


@pytest.fixture
def _unguarded(station, monkeypatch):
    """Let no injection, which comes when it likes, repeat anything."""
    monkeypatch.setattr(station.guard, "conditions", ())


@pytest.fixture(autouse=True)
def _as_before(simulation):
    yield
    if simulation.faults.active():
        simulation.faults.clear()


@pytest.fixture
def all_three(station):
    tree = station.tree
    return {**station.roles, "detectors": [tree.counter, tree.sdd, tree.camera]}


def fly(station, plan, at=None, act=None):
    """Run a plan; return the run as an export has it, and what the plan raised."""
    documents, error, pending = [], None, [act] if act else []

    def watch(message):
        if pending and at(message):
            pending.pop()()

    station.engine.msg_hook = watch
    try:
        station.engine(plan, lambda name, doc: documents.append((name, doc)))
    except RunEngineInterrupted:
        raise
    except Exception as raised:
        error = innermost(raised)
    finally:
        station.engine.msg_hook = None
    return RunData.from_documents(documents), error


def in_flight(message):
    """Hold at the first look at a flight that has some rows."""
    return message.command == "collect" and message.obj.stored.sample.value > 8


def stack(run, key):
    """Return the values of a data key from its files, as many as the documents say."""
    resources = {doc["uid"]: doc for kind, doc in run.assets if kind == "stream_resource" and doc["data_key"] == key}
    rows = {}
    for kind, doc in run.assets:
        if kind == "stream_datum" and doc["stream_resource"] in resources:
            rows[doc["stream_resource"]] = doc["indices"]["stop"]
    parts = []
    for uid, number in rows.items():
        path = Path(urllib.parse.unquote(urllib.parse.urlparse(resources[uid]["uri"]).path))
        with h5py.File(path, "r") as file:
            data = file[resources[uid]["parameters"]["dataset"]]
            assert len(data) == number  # what is read of a file is all of it
            parts.append(data[:number])
    return np.concatenate(parts)


def whole(run, num=LINE["num"]):
    """Check that a run has rows, frames and spectra of the same gates; return its columns."""
    columns = run.primary().columns
    assert len(run.primary()) == num
    for name in ("sdd", "camera"):
        np.testing.assert_array_equal(columns[f"{name}_gate"], columns["flyer_gate"])
    return columns


@pytest.mark.usefixtures("_unguarded")
def test_rows_frames_and_spectra_of_a_line_are_of_the_same_gates(station, all_three):
    x = station.tree.sample_stage.x
    run, error = fly(station, fly_scan(x, -2.6, -1.4, 7, 0.5, **all_three))
    assert error is None
    columns = whole(run, 7)
    frames, spectra = stack(run, "camera_image"), stack(run, "sdd_spectrum")
    assert frames.shape == (7, 1024, 1024)
    assert spectra.shape == (7, 2048)
    # the line begins beside the sample: there the camera sees more, and the spectrometer no iron
    ka = columns["sdd_fe_ka"]
    np.testing.assert_array_equal(ka, spectra[:, 620:661].sum(axis=1))
    assert ka[-1] > 20 * max(ka[0], 1)
    bright = frames.sum(axis=(1, 2), dtype=float)
    assert bright[0] > 1.5 * bright[-1]
    np.testing.assert_allclose(
        columns["sdd_fe_ka_corrected"], ka * columns["sdd_real_time"] / columns["sdd_live_time"], rtol=1e-9
    )
    assert run.stop["num_events"]["primary"] == 7
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]
    assert station.tree.camera.trigger_mode.get() == "Internal"


def test_gates_that_a_detector_cannot_follow_are_refused_before_anything_moves(station, all_three):
    x, tree = station.tree.sample_stage.x, station.tree
    with pytest.raises(OutOfReach, match=r"camera: gates of 0\.01 s; .* gates of 0\.012 s or longer would do"):
        next(fly_scan(x, -0.1, 0.1, 21, 0.01, **all_three))
    with pytest.raises(OutOfReach, match=r"sdd: gates of 0\.0001 s; .* gates of 0\.0005 s or longer would do"):
        next(fly_scan(x, -0.001, 0.001, 21, 0.0001, **station.roles, detectors=[tree.sdd]))
    with pytest.raises(OutOfReach, match="table_z is on none of its trigger outputs; it reads counter"):
        next(fly_scan(x, -0.1, 0.1, 21, 0.1, **station.roles, detectors=[tree.table.z]))
    assert not tree.flyer.execute.sample.value


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_rotation_writes_its_frames(station):
    tree = station.tree
    roles = {**station.roles, "detectors": [tree.camera]}
    run, error = fly(station, fly_scan(tree.sample_stage.omega, -60.0, 60.0, 25, 0.5, passes=2, **roles))
    assert error is None
    columns = run.primary().columns
    frames = stack(run, "camera_image")
    assert len(frames) == len(run.primary()) == 50
    np.testing.assert_array_equal(columns["camera_gate"], columns["flyer_gate"])
    # the way through the sample grows as 1/cos: what comes out at 60° is the square of what comes out at 0°
    angle = np.abs(columns["sample_stage_omega"])
    through = columns["it"] / columns["i0"]
    upright, turned = through[angle < 1].mean(), through[np.abs(angle - 60) < 1].mean()
    assert turned < 0.5 * upright
    bright = frames.sum(axis=(1, 2), dtype=float)
    assert bright[np.abs(angle - 60) < 1].mean() < 0.8 * bright[angle < 1].mean()


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
@pytest.mark.parametrize(
    ("target", "words"),
    [
        (CAMERA, r"camera: missed 1 of 41 gates: \d+ frames were taken"),
        ("sdd.mapping", r"sdd: missed 1 of 41 gates: \d+ spectra were taken"),
    ],
)
def test_a_trigger_that_is_lost_fails_the_run_and_what_was_before_it_is_readable(
    station, simulation, all_three, target, words
):
    x = station.tree.sample_stage.x
    run, error = fly(
        station,
        fly_scan(x, **LINE, **all_three),
        lambda message: message.command == "kickoff",
        lambda: simulation.faults.set("missed_trigger", target, gate=12),
    )
    assert isinstance(error, BadReading)
    assert re.search(words, str(error))
    assert run.exit_status == "fail"
    assert "missed 1 of 41" in run.stop["reason"]
    rows = len(run.primary())
    assert 0 < rows <= 11  # none behind the gate that was lost
    columns = run.primary().columns
    for name in ("sdd", "camera"):
        np.testing.assert_array_equal(columns[f"{name}_gate"], columns["flyer_gate"])


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
@pytest.mark.parametrize(("target", "name"), [("BL09U:CAM:HDF1", "camera"), ("sdd.mapping", "sdd")])
def test_a_disk_that_fails_in_flight_fails_the_run(station, simulation, all_three, target, name):
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, **LINE, **all_three),
        lambda message: message.command == "kickoff",
        lambda: simulation.faults.set("disk_full", target, frames=9 if name == "camera" else 1),
    )
    assert isinstance(error, BadReading)
    assert str(error).startswith(f"{name}: its writer failed after ")
    assert "No space left" in str(error)
    assert run.exit_status == "fail"
    assert 0 < len(run.primary()) < LINE["num"]
    columns = run.primary().columns
    np.testing.assert_array_equal(columns["camera_gate"], columns["flyer_gate"])


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_store_of_spectra_that_overflows_fails_the_run(station, simulation):
    roles = {**station.roles, "detectors": [station.tree.sdd]}
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, -3.0, 3.0, 12_001, 0.001, **roles),
        lambda message: message.command == "kickoff",
        lambda: simulation.faults.set("slow_store", "sdd.mapping", rows_per_s=1.0),
    )
    assert isinstance(error, BadReading)
    assert "sdd: its buffer of 10000 spectra was full" in str(error)
    assert run.exit_status == "fail"


def paused(station, plan, then):
    """Pause a flight that has some rows; return the run as `then` has ended it."""
    engine, documents, under_way, looks = station.engine, [], threading.Event(), []

    def watch(message):
        if message.command == "wait" and looks:
            under_way.set()
        if in_flight(message):
            looks.append(message)

    def press():
        under_way.wait(60)
        engine.request_pause(defer=False)

    presses = threading.Thread(target=press)
    presses.start()
    engine.msg_hook = watch
    try:
        with pytest.raises(RunEngineInterrupted):
            engine(plan, lambda name, doc: documents.append((name, doc)))
        presses.join()
        then(engine)
    finally:
        engine.msg_hook = None
    return RunData.from_documents(documents)


@pytest.mark.full
@pytest.mark.parametrize("closes", [False, True])
def test_a_pause_goes_on_with_the_gate_that_comes_next(station, all_three, monkeypatch, closes):
    monkeypatch.setattr(station.tree.shutter, "closes_on_pause", closes)
    run = paused(station, fly_scan(station.tree.sample_stage.x, **LINE, **all_three), lambda engine: engine.resume())
    assert run.exit_status == "success"
    columns = whole(run)
    assert np.all(np.diff(columns["sample_stage_x"]) > 0.1)
    assert len(stack(run, "camera_image")) == len(stack(run, "sdd_spectrum")) == LINE["num"]
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_an_abort_leaves_rows_frames_and_spectra_of_the_same_gates(station, all_three):
    tree = station.tree
    run = paused(station, fly_scan(tree.sample_stage.x, **LINE, **all_three), lambda engine: engine.abort("enough"))
    assert run.exit_status == "abort"
    columns = whole(run, len(run.primary()))
    assert 8 < len(run.primary()) < LINE["num"]
    assert np.ptp(columns["flyer_gate"]) == len(run.primary()) - 1
    assert not tree.camera.acquire.fetch().value
    assert not tree.sdd.mapping_mode.acquire.fetch().value


@pytest.mark.full
def test_a_beam_dump_is_waited_for_and_its_gates_are_taken_again(station, simulation, all_three):
    station.guard.say = lambda line: line.startswith("suspended") and simulation.faults.clear("beam_dump", "ring")
    try:
        run, error = fly(
            station,
            fly_scan(station.tree.sample_stage.x, **LINE, **all_three),
            in_flight,
            lambda: simulation.faults.set("beam_dump", "ring"),
        )
    finally:
        station.guard.say = station.said.append
    assert error is None
    columns = whole(run)
    assert np.all(np.diff(columns["sample_stage_x"]) > 0.1)
    assert columns["i0"].min() > 0.5 * columns["i0"].max()
    frames, spectra = stack(run, "camera_image"), stack(run, "sdd_spectrum")
    assert len(frames) == len(spectra) == LINE["num"]
    for key in ("camera_image", "sdd_spectrum", "i0"):
        files = [doc for kind, doc in run.assets if kind == "stream_resource" and doc["data_key"] == key]
        assert len(files) >= 2  # an injection may come besides
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_map_shows_the_sample_to_all_detectors(station, all_three):
    roles = {**all_three, "stage": station.tree.sample_stage}
    run, error = fly(station, fly_map(-4, 5, 10, -2.5, 4, 7, 0.5, **roles))
    assert error is None
    columns = whole(run, 70)
    x, y = columns["sample_stage_x"] - 1, columns["sample_stage_y"] - 0.75
    on, off = (np.abs(x) < 2.5) & (np.abs(y) < 1.8), (np.abs(x) > 3.5) | (np.abs(y) > 2.7)
    assert columns["sdd_fe_ka"][on].min() > 10 * max(columns["sdd_fe_ka"][off].max(), 1)
    bright = stack(run, "camera_image").sum(axis=(1, 2), dtype=float)
    assert bright[on].max() < bright[off].min()


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_spiral_shows_the_sample_to_all_detectors(station, all_three):
    run, error = fly(station, fly_spiral(-2.0, 0.75, 1.5, 0.5, 0.5, **all_three, stage=station.tree.sample_stage))
    assert error is None
    points = len(run.primary())
    assert points > 20
    columns = whole(run, points)
    radius = np.hypot(columns["sample_stage_x"] + 2.0, columns["sample_stage_y"] - 0.75)
    assert radius[0] < 0.3
    assert radius.max() == pytest.approx(1.5, abs=0.1)
    # the sample's edge goes through the spiral
    inside, outside = columns["sample_stage_x"] > -1.4, columns["sample_stage_x"] < -2.6
    assert columns["sdd_fe_ka"][inside].min() > 10 * max(columns["sdd_fe_ka"][outside].max(), 1)
    bright = stack(run, "camera_image").sum(axis=(1, 2), dtype=float)
    assert bright[inside].max() < bright[outside].min()


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_path_that_scanspec_says_triggers_all_detectors(station, all_three):
    x, y = "sample_stage_x", "sample_stage_y"
    spec = specs.Fly(0.5 @ (specs.Linspace(y, 0.5, 1.0, 2) * ~specs.Linspace(x, -2.4, -1.6, 5)))
    run, error = fly(station, fly_spec(spec, **all_three))
    assert error is None
    columns = whole(run, 10)
    np.testing.assert_allclose(columns[y], [0.5] * 5 + [1.0] * 5, atol=0.01)
    there = np.linspace(-2.4, -1.6, 5)
    np.testing.assert_allclose(columns[x], [*there, *there[::-1]], atol=0.02)
    assert len(stack(run, "camera_image")) == len(stack(run, "sdd_spectrum")) == 10


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_the_spectrometer_follows_gates_of_a_millisecond(station):
    tree = station.tree
    roles = {**station.roles, "detectors": [tree.counter, tree.sdd]}
    run, error = fly(station, fly_scan(tree.sample_stage.x, -2.4, -1.6, 2000, 0.001, **roles))
    assert error is None
    columns = run.primary().columns
    spectra = stack(run, "sdd_spectrum")
    assert len(run.primary()) == len(spectra) == 2000
    np.testing.assert_array_equal(columns["sdd_gate"], columns["flyer_gate"])
    np.testing.assert_array_equal(columns["sdd_fe_ka"], spectra[:, 620:661].sum(axis=1))
    np.testing.assert_allclose(columns["sdd_real_time"], 0.001, rtol=0.01)
    assert columns["sdd_fe_ka"][-500:].sum() > 10 * max(columns["sdd_fe_ka"][:500].sum(), 1)
