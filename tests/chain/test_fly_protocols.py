"""The same flyer on the same simulated gate unit over Channel Access and over Tango: one behaviour, and one file."""

import threading

import h5py
import numpy as np
import pytest

from beam import facts
from beam.trajectory import Stretch
from devices import DoubleCrystal, Flight, Flyer, State, TurningStage, Undulator
from devices.deadlines import PATIENCE
from devices.errors import BadReading, DeviceError, NotTaken, Stopped
from devices.flyer import counters_on
from ioc_sim.launch import Simulation

pytestmark = pytest.mark.full

PATIENCE_S = 60.0
SCALE = 100.0
X = "sample_stage.x"
TANGO = {
    **{"flyer": "bl09u/flyer/1", "undulator.gap": "bl09u/id/1"},
    **{f"sample_stage.{key}": f"bl09u/sample/{key}" for key in ("x", "y", "omega")},
    **{f"dcm.{key}": f"bl09u/dcm/{key}" for key in ("bragg", "perp", "pitch", "exchange")},
}


class Bench:
    """A flyer and its axes by one protocol."""

    def __init__(self, simulation, config, unique):
        facility, beamline = facts.load("bl09u", config)
        self.simulation, self.faults = simulation, simulation.faults
        self.devices = {
            "dcm": DoubleCrystal(beamline.devices["dcm"], name=f"{unique}dcm"),
            "undulator": Undulator(beamline.devices["undulator"], facility.ring, name=f"{unique}undulator"),
            "sample_stage": TurningStage(beamline.devices["sample_stage"], name=f"{unique}stage"),
        }
        wired = {}
        for key in beamline.devices["flyer"].axes:
            owner, part = key.split(".")
            wired[key] = getattr(self.devices[owner], part)
        counters = counters_on(beamline.devices, "counter")
        self.flyer = Flyer.of(beamline.devices["flyer"], wired, name=f"{unique}flyer", counters=counters)
        for device in (*self.devices.values(), self.flyer):
            device.wait_for_connection(timeout=PATIENCE_S)

    def begin(self, flight, act=lambda: None):
        """Begin a flight, after `act` once it is prepared; return the status of its end."""
        self.flyer.stage()
        self.flyer.prepare(flight).wait(PATIENCE_S)
        act()
        self.flyer.kickoff().wait(PATIENCE_S)
        return self.flyer.complete()

    def fly(self, flight):
        """Make a flight; return the columns of its file."""
        self.begin(flight).wait(PATIENCE_S)
        return self.end()

    def end(self):
        path = self.flyer.full_name.fetch().value
        self.flyer.unstage()
        with h5py.File(path) as file:
            return {name: column[()] for name, column in file["entry/data"].items()}

    def under_way(self):
        until(lambda: self.flyer.execute.fetch().value)
        until(lambda: self.flyer.made.fetch().value > 5)

    def close(self):
        for device in (self.flyer, *self.devices.values()):
            device.destroy()


def until(happened):
    pause = threading.Event()
    for _ in range(6000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def line(start, stop, gates, gate_s):
    return Flight((Stretch({X: np.linspace(start, stop, gates + 1)}, np.full(gates, gate_s)),))


LONG = line(-5.0, 5.0, 1000, 0.2)


@pytest.fixture(scope="module")
def patience():
    before = vars(PATIENCE).copy()
    PATIENCE.time_scale = SCALE
    yield
    vars(PATIENCE).update(before)


def configured(directory, database=""):
    (directory / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    tables = "".join(f'[devices.{key}]\ntango = "{database}{address}"\n' for key, address in TANGO.items())
    (directory / "bl09u.toml").write_text(tables)
    return directory


def reached(directory, simulation):
    """Write a configuration that names the simulation's database: this process may know another one already."""
    return configured(directory, f"tango://{simulation.environment['TANGO_HOST']}/")


@pytest.fixture(scope="module")
def tango_config(tmp_path_factory):
    return configured(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="module")
def tango(tango_config, tmp_path_factory, patience):
    with Simulation("bl09u", config=tango_config, time_scale=SCALE, seed=1) as running:
        found = Bench(running, reached(tmp_path_factory.mktemp("client"), running), "tango_")
        yield found
        found.close()


@pytest.fixture(scope="module")
def ca(simulation, patience):
    found = Bench(simulation, None, "ca_")
    yield found
    found.close()


@pytest.fixture(params=["ca", "tango"])
def bench(request):
    found = request.getfixturevalue(request.param)
    yield found
    found.faults.clear()
    found.flyer.unstage()


def test_a_flight_is_the_same_over_both(ca, tango):
    flight = line(-0.5, 0.5, 100, 0.05)
    epics, other = ca.fly(flight), tango.fly(flight)
    assert list(epics) == list(other)
    np.testing.assert_allclose(epics["sample_stage_x"], np.linspace(-0.495, 0.495, 100), atol=0.003)
    # counts depend on what was flown before, and the other axes stand where they were left
    for name in ("sample_stage_x", "sample_stage_x_error", "time", "count_time", "pass"):
        np.testing.assert_array_equal(other[name], epics[name], name)


def test_it_runs_while_it_flies_and_is_pausable(bench):
    flyer, status = bench.flyer, bench.begin(LONG)
    until(lambda: flyer.state is State.RUNNING)
    bench.under_way()
    flyer.pause()
    until(lambda: not flyer.execute.fetch().value)
    assert flyer.state is State.ON
    assert not status.done
    made = flyer.made.fetch().value
    assert 5 < made < LONG.gates
    flyer.resume()
    list(flyer.collect_asset_docs())
    status.wait(PATIENCE_S)
    columns = bench.end()
    assert len(columns["gate"]) == LONG.gates
    assert np.all(np.diff(columns["sample_stage_x"]) > 0.005)


def test_what_the_unit_refuses_is_said_in_its_words(bench):
    flyer = bench.flyer
    flyer.stage()
    flyer.times.start([0.0, 2.0, 1.0])
    built = threading.Event()
    flyer.build.start("Build", built.set)
    assert built.wait(PATIENCE_S)
    assert flyer.build_status.fetch().value == 2
    assert "Times must rise" in flyer.build_message.fetch().value or "no axis" in flyer.build_message.fetch().value


def test_an_axis_that_stalls_fails_the_flight(bench):
    status = bench.begin(LONG)
    bench.under_way()
    bench.faults.set("motor_stuck", X)
    with pytest.raises(BadReading, match=r"after \d+ of 1000 gates: bl09u/sample/x: .* off what is demanded"):
        status.wait(PATIENCE_S)


def test_a_full_disk_fails_the_flight(bench):
    status = bench.begin(LONG)
    bench.under_way()
    bench.faults.set("disk_full", "flyer")
    with pytest.raises(BadReading, match=r"writer failed after .* No space left"):
        status.wait(PATIENCE_S)
    until(lambda: bench.flyer.state is State.FAULT)


def test_a_buffer_that_overflows_fails_the_flight(bench):
    status = bench.begin(
        line(-9.0, 9.0, 1_000_000, 4e-5), lambda: bench.faults.set("slow_store", "flyer", rows_per_s=1000.0)
    )
    with pytest.raises(BadReading, match=r"buffer of 200000 rows full: rows are lost \(\d+ of 1000000 gates"):
        status.wait(PATIENCE_S)


def test_somebody_elses_stop_fails_the_flight(bench):
    status = bench.begin(LONG)
    bench.under_way()
    bench.flyer.abort_flight.start(1)
    with pytest.raises(Stopped, match=r"somebody stopped it after \d+ of 1000 gates"):
        status.wait(PATIENCE_S)


# -- over Tango alone ---------------------------------------------------------------------------------------------


def device(tango):
    import tango as library

    host = tango.simulation.environment["TANGO_HOST"]
    return library.DeviceProxy(f"tango://{host}/bl09u/flyer/1")


def test_a_tango_user_finds_tables_with_units_and_a_state(tango):
    import tango as library

    unit = device(tango)
    config = unit.get_attribute_config("Positions4")
    assert (config.data_format, config.unit, config.max_dim_x) == (library.AttrDataFormat.SPECTRUM, "mm", 20000)
    assert list(unit.get_attribute_config("GateMode").enum_labels) == ["Time", "Position"]
    assert (unit.get_attribute_config("GateAxis").min_value, unit.read_attribute("Axis4").value) == ("1", X)
    assert {"Build", "Start", "Stop", "Abort"} <= {one.cmd_name for one in unit.command_list_query()}
    status = tango.begin(LONG)
    until(lambda: unit.state() == library.DevState.RUNNING)
    assert "of 1000 gates made" in unit.status()
    unit.command_inout("Stop")
    with pytest.raises(Stopped):
        status.wait(PATIENCE_S)
    until(lambda: unit.state() == library.DevState.ON)
    tango.flyer.unstage()


def test_a_refusal_is_one_line(tango):
    with pytest.raises(NotTaken, match=r"^tango_flyer: .*bl09u/flyer/1/PassNumber: .* below the minimum"):
        tango.flyer._write(tango.flyer.pass_number, -1)
    with pytest.raises(NotTaken, match=r"bl09u/flyer/1/Times: .* is a NaN"):
        tango.flyer._write(tango.flyer.times, [0.0, np.nan])


def test_without_events_it_is_polled_and_says_so(tango, tmp_path, monkeypatch):
    import tango as library

    def refuse(*_):
        library.Except.throw_exception("API_EventPropertiesNotSet", "no events of it", "test")

    monkeypatch.setattr(library.DeviceProxy, "subscribe_event", refuse)
    # by addresses of its own: the other bench keeps its connections and their events
    host = tango.simulation.environment["TANGO_HOST"].replace("127.0.0.1", "localhost")
    polled = Bench(tango.simulation, configured(tmp_path, f"tango://{host}/"), "polled_")
    try:
        until(lambda: "polled, for want of events" in polled.flyer.status_text)
        columns = polled.fly(line(-0.5, 0.5, 100, 0.05))
        assert len(columns["gate"]) == 100
    finally:
        polled.close()


@pytest.mark.usefixtures("patience")
def test_a_server_that_is_killed_in_flight_fails_it(tango_config, tmp_path):
    with Simulation("bl09u", config=tango_config, time_scale=SCALE, seed=1) as running:
        bench = Bench(running, reached(tmp_path, running), "lost_")
        try:
            status = bench.begin(LONG)
            bench.under_way()
            path = bench.flyer.full_name.sample.value
            running.faults.set("server_killed", "beamline")
            with pytest.raises(DeviceError, match=r"lost_flyer: .*(lost its server|not connected|not answer)"):
                status.wait(PATIENCE_S)
            with h5py.File(path, swmr=True) as file:
                assert len(file["entry/data/gate"]) > 5
        finally:
            bench.close()
