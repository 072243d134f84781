"""Flights at BL09U over real servers: what goes wrong in the middle of one, and what the run has of it."""

import threading

import numpy as np
import pytest
from bluesky.plan_stubs import mv
from bluesky.utils import RunEngineInterrupted

from beam.errors import OutOfReach
from daq.errors import innermost
from daq.export.run_data import RunData
from devices.errors import BadReading, NoLight, Stopped
from plans import fly_map, fly_scan, fly_spec, fly_spiral, fly_xas
from tests.chain.guarded import Station

LONG = {"start": -5.0, "stop": 5.0, "num": 1001, "gate_s": 0.2}
"""A flight of 200 s: two of wall time."""


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    one = Station(_acquire.tree, facts.load("bl09u")[1])
    one.roles = {role: _acquire.tree.roles[role] for role in ("flyer", "energy", "shutter", "front_end")}
    one.engine(mv(one.tree.energy, 7200.0))  # most flights are flown with the light that there is
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
    return message.command == "collect" and message.obj.stored.sample.value > 50


def complete_line(run):
    """Check that a run has each gate of `LONG` once, in order."""
    x = run.primary().columns["sample_stage_x"]
    assert len(x) == LONG["num"]
    assert np.all(np.diff(x) > 0.5 * (LONG["stop"] - LONG["start"]) / LONG["num"])
    return run.primary().columns


def test_a_line_has_a_row_for_each_gate_where_the_encoder_was(station):
    x = station.tree.sample_stage.x
    run, error = fly(station, fly_scan(x, -0.5, 0.5, 101, 0.05, energy_ev=7200.0, compare=True, **station.roles))
    assert error is None
    columns = run.primary().columns
    # gates that the position makes lie where they were asked for; the axis runs behind what is demanded
    np.testing.assert_allclose(columns["sample_stage_x"], np.linspace(-0.5, 0.5, 101), atol=0.0006)
    assert 1e-4 < np.mean(columns["sample_stage_x_error"]) < 1e-3
    assert columns["i0"].min() > 1000
    assert run.stop["num_events"]["primary"] == 101
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]


@pytest.mark.parametrize(
    ("motor", "path", "because"),
    [
        ("sample_stage.x", (-1.0, 1.0, 1001, 0.0005), r"4 mm/s, 2 mm/s is its limit: gates of 0\.001 s or longer"),
        ("sample_stage.x", (-0.01, 0.01, 1001, 5e-6), "gates of 5e-06 s; its shortest are 1e-05 s"),
        ("sample_stage.x", (-25.0, 1.0, 101, 0.5), r"goes to -25\.\d+ mm at .* allowed -25 … 25 mm"),
        ("table.z", (200.0, 300.0, 101, 0.5), "not wired to it; dcm.bragg, dcm.perp"),
    ],
)
def test_what_cannot_be_flown_is_refused_before_anything_moves(station, motor, path, because):
    device = station.tree.find(motor)
    with pytest.raises(OutOfReach, match=because):
        next(fly_scan(device, *path, **station.roles))
    assert not station.tree.flyer.execute.sample.value


def test_a_flight_in_the_dark_is_refused(station):
    gap = station.tree.undulator.gap
    lit = gap.position
    station.engine(mv(gap, 30.0))
    run, error = fly(station, fly_scan(station.tree.sample_stage.x, **LONG, **station.roles))
    station.engine(mv(gap, lit))
    assert isinstance(error, NoLight)
    assert "no light, the undulator's gap is 30 mm" in str(error)
    assert not run.streams.get("primary")
    assert not station.tree.shutter.is_open


@pytest.mark.full
def test_a_beam_dump_is_waited_for_and_its_gates_are_flown_again(station, simulation):
    tree = station.tree
    station.guard.say = lambda line: line.startswith("suspended") and simulation.faults.clear("beam_dump", "ring")
    try:
        run, error = fly(
            station,
            fly_scan(tree.sample_stage.x, **LONG, **station.roles),
            in_flight,
            lambda: simulation.faults.set("beam_dump", "ring"),
        )
    finally:
        station.guard.say = station.said.append
    assert error is None
    columns = complete_line(run)
    assert columns["i0"].min() > 0.5 * columns["i0"].max()
    assert "no beam" in str(run.streams["suspensions"].columns["suspension_reason"])
    files = {doc["uri"] for kind, doc in run.assets if kind == "stream_resource"}
    assert len(files) == 2  # what was spoiled is in none
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]


@pytest.mark.full
def test_a_shutter_that_falls_is_opened_again_and_its_gates_are_flown_again(station, simulation):
    fault = ("shutter_permit_withdrawn", "shutter")
    station.guard.say = lambda line: line.startswith("suspended") and simulation.faults.clear(*fault)
    try:
        run, error = fly(
            station,
            fly_scan(station.tree.sample_stage.x, **LONG, **station.roles),
            in_flight,
            lambda: simulation.faults.set(*fault),
        )
    finally:
        station.guard.say = station.said.append
    assert error is None
    columns = complete_line(run)
    assert columns["i0"].min() > 0.5 * columns["i0"].max()
    assert station.tree.shutter.is_open is False


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_an_axis_that_stalls_fails_the_run_and_leaves_it_readable(station, simulation):
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, **LONG, **station.roles),
        in_flight,
        lambda: simulation.faults.set("motor_stuck", "sample_stage.x"),
    )
    assert isinstance(error, BadReading)
    assert "sample/x" in str(error)
    assert "off what is demanded" in str(error)
    assert run.exit_status == "fail"
    rows = run.primary().columns["sample_stage_x"]
    assert 50 < len(rows) < LONG["num"]
    assert np.ptp(rows[-2:]) < 0.02


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_rows_that_find_no_room_fail_the_run(station, simulation):
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, -5.0, 5.0, 100_000, 0.002, **station.roles),
        in_flight,
        lambda: simulation.faults.set("disk_full", "flyer"),
    )
    assert isinstance(error, BadReading)
    assert "No space left" in str(error)
    assert run.exit_status == "fail"
    assert 0 < len(run.primary()) < 100_000


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_a_buffer_that_overflows_fails_the_run(station, simulation):
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, -9.0, 9.0, 1_000_000, 4e-5, **station.roles),
        lambda message: message.command == "kickoff",
        lambda: simulation.faults.set("slow_store", "flyer", rows_per_s=1000.0),
    )
    assert isinstance(error, BadReading)
    assert "buffer of 200000 rows full" in str(error)
    assert run.exit_status == "fail"


@pytest.mark.full
def test_a_pause_goes_on_with_the_gate_that_comes_next(station):
    tree, engine = station.tree, station.engine
    documents, looks = [], []
    under_way = threading.Event()

    def watch(message):
        if message.command == "wait" and len(looks) == 1:
            under_way.set()
        if in_flight(message):
            looks.append(message)

    def pause():
        under_way.wait(60)
        engine.request_pause(defer=False)

    tree.shutter.closes_on_pause = True
    presses = threading.Thread(target=pause)
    presses.start()
    engine.msg_hook = watch
    try:
        with pytest.raises(RunEngineInterrupted):
            engine(
                fly_scan(tree.sample_stage.x, **LONG, **station.roles), lambda name, doc: documents.append((name, doc))
            )
        presses.join()
        assert tree.shutter.reported == "Closed"
        engine.resume()
    finally:
        engine.msg_hook = None
    run = RunData.from_documents(documents)
    assert run.exit_status == "success"
    columns = complete_line(run)
    assert columns["i0"].min() > 0.5 * columns["i0"].max()


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_an_abort_leaves_the_rows_that_were_made(station):
    tree, engine = station.tree, station.engine
    documents, under_way = [], threading.Event()

    def watch(message):
        if in_flight(message):
            under_way.set()

    def pause():
        under_way.wait(60)
        engine.request_pause(defer=False)

    presses = threading.Thread(target=pause)
    presses.start()
    engine.msg_hook = watch
    try:
        with pytest.raises(RunEngineInterrupted):
            engine(
                fly_scan(tree.sample_stage.x, **LONG, **station.roles), lambda name, doc: documents.append((name, doc))
            )
        presses.join()
        engine.abort("enough")
    finally:
        engine.msg_hook = None
    run = RunData.from_documents(documents)
    assert run.exit_status == "abort"
    assert 10 < len(run.primary()) < LONG["num"]
    assert not tree.flyer.execute.sample.value
    assert tree.sample_stage.x.moving is False


@pytest.mark.full
@pytest.mark.usefixtures("_unguarded")
def test_somebody_elses_stop_fails_the_run(station):
    run, error = fly(
        station,
        fly_scan(station.tree.sample_stage.x, **LONG, **station.roles),
        in_flight,
        lambda: station.tree.sample_stage.x.stop_motion.start(1),
    )
    assert isinstance(error, Stopped)
    assert run.exit_status == "fail"


@pytest.mark.full
def test_a_spectrum_to_and_fro_agrees_with_itself(station):
    roles = station.roles | {"detectors": [station.tree.counter], "ring": station.tree.ring}
    run, error = fly(station, fly_xas("Fe K", "-40:-20:2:0.05 -20:40:0.5:0.05", passes=3, **roles))
    assert error is None
    columns = run.primary().columns
    assert len(run.primary()) == 3 * 130
    mu = np.log(columns["i0"] / columns["it"])
    up, down, again = (columns["flyer_pass"] == number for number in (1, 2, 3))
    assert np.all(np.diff(columns["energy"][up]) > 0)
    assert np.all(np.diff(columns["energy"][down]) < 0)
    at = columns["energy_setpoint"][up]
    for one in (down, again):
        order = np.argsort(columns["energy"][one])
        there = np.interp(at, columns["energy"][one][order], mu[one][order])
        assert np.max(np.abs(there - np.interp(at, columns["energy"][up], mu[up]))[2:-2]) < 0.03
    assert np.max(np.abs(columns["energy"] - columns["energy_setpoint"])) < 0.1


@pytest.mark.full
def test_a_raster_and_a_spiral_show_where_the_sample_ends(station):
    roles = station.roles | {"stage": station.tree.sample_stage}
    run, error = fly(station, fly_map(-4, 5, 19, -2.5, 4, 14, 0.3, energy_ev=7200.0, **roles))
    assert error is None
    columns = run.primary().columns
    assert len(run.primary()) == 19 * 14
    on = (np.abs(columns["sample_stage_x"] - 1) < 2.7) & (np.abs(columns["sample_stage_y"] - 0.75) < 1.9)
    off = (np.abs(columns["sample_stage_x"] - 1) > 3.3) | (np.abs(columns["sample_stage_y"] - 0.75) > 2.5)
    assert columns["it"][on].max() < 0.5 * columns["it"][off].min()
    assert columns["sample_stage_x"][18] > 4  # every second line is flown backwards
    assert columns["sample_stage_x"][19] > 4

    run, error = fly(station, fly_spiral(0, 0, 1.0, 0.1, 0.1, **roles))
    assert error is None
    radius = np.hypot(run.primary().columns["sample_stage_x"], run.primary().columns["sample_stage_y"])
    assert np.all(np.diff(radius) > -0.01)
    assert radius[-1] == pytest.approx(1.0, abs=0.05)


@pytest.mark.full
def test_a_scanspec_value_is_a_path(station):
    specs = pytest.importorskip("scanspec.specs")
    lines = specs.Linspace("sample_stage_y", 0, 1, 3) * ~specs.Linspace("sample_stage_x", 0, 0.5, 20)
    run, error = fly(station, fly_spec(specs.Fly(0.02 @ lines), **station.roles))
    assert error is None
    x = run.primary().columns["sample_stage_x"].reshape(3, 20)
    np.testing.assert_allclose(x[1], x[0][::-1], atol=0.003)
    np.testing.assert_allclose(run.primary().columns["sample_stage_y"].reshape(3, 20)[:, 5], [0, 0.5, 1], atol=0.001)
