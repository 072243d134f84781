"""The same devices on the same simulated hardware over Channel Access and over Tango: one behaviour.

Undulator, ring, a motor axis, two shutters, a counter and the amplifiers of its chambers.
"""

import math
import threading

import psutil
import pytest

from beam import facts
from beam.errors import OutOfReach
from daq.guardian.channels import Channels
from daq.guardian.orders import Address
from daq.holding import _address
from devices import Counter, IonChamber, MotorAxis, RingStatus, Shutter, State, Undulator
from devices.deadlines import PATIENCE
from devices.errors import BadReading, MoveFailed, NotAllowed, NotPermitted, NotTaken, Overloaded, Stopped, TimedOut
from ioc_sim.launch import Simulation

PATIENCE_S = 20.0
SCALE = 100.0


class Bench:
    """The devices by one protocol."""

    def __init__(self, simulation, facility, beamline, unique):
        self.simulation, self.faults = simulation, simulation.faults
        self.undulator = Undulator(beamline.devices["undulator"], facility.ring, name=f"{unique}undulator")
        self.gap = self.undulator.gap
        self.ring = RingStatus(facility.ring, name=f"{unique}ring")
        self.axis = MotorAxis(beamline.devices["dcm"].pitch, name=f"{unique}pitch")
        self.front_end = Shutter(beamline.devices["front_end"], name=f"{unique}front_end")
        self.shutter = Shutter(beamline.devices["shutter"], name=f"{unique}shutter")
        self.chambers = {key: IonChamber(beamline.devices[key], name=f"{unique}{key}") for key in ("i0", "it")}
        self.counter = Counter.of(beamline.devices["counter"], self.chambers, name=f"{unique}counter")
        self.devices = (
            *(self.undulator, self.ring, self.axis, self.front_end, self.shutter),
            *self.chambers.values(),
            self.counter,
        )
        for device in self.devices:
            device.wait_for_connection(timeout=PATIENCE_S)

    def count(self, preset_s=0.1):
        self.counter.preset_time.set(preset_s).wait(PATIENCE_S)
        self.counter.trigger().wait(PATIENCE_S)
        return {name: one["value"] for name, one in self.counter.read().items()}

    def close(self):
        for device in self.devices:
            device.destroy()


@pytest.fixture(scope="module")
def tango_config(tmp_path_factory):
    directory = tmp_path_factory.mktemp("config")
    (directory / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    addresses = {
        **{"dcm.pitch": "bl09u/dcm/pitch", "front_end": "bl09u/shutter/fe", "shutter": "bl09u/shutter/station"},
        **{"counter": "bl09u/counter/1", "i0": "bl09u/ic/i0", "it": "bl09u/ic/it"},
    }
    tables = "".join(f'[devices.{key}]\ntango = "{address}"\n' for key, address in addresses.items())
    (directory / "bl09u.toml").write_text(tables)
    return directory


@pytest.fixture(scope="module")
def tango_simulation(tango_config):
    with Simulation("bl09u", config=tango_config, time_scale=SCALE, seed=1) as running:
        yield running


@pytest.fixture(scope="module", params=["ca", "tango"])
def bench(request):
    patience = vars(PATIENCE).copy()
    PATIENCE.time_scale = SCALE
    if request.param == "ca":
        simulation = request.getfixturevalue("simulation")
        found = Bench(simulation, *facts.load("bl09u"), "ca_")
    else:
        simulation = request.getfixturevalue("tango_simulation")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TANGO_HOST", simulation.environment["TANGO_HOST"])
            found = Bench(simulation, *facts.load("bl09u", request.getfixturevalue("tango_config")), "tango_")
    yield found
    found.close()
    vars(PATIENCE).update(patience)


@pytest.fixture(autouse=True)
def _no_faults(bench):
    bench.gap.set(20.0).wait(PATIENCE_S)
    yield
    bench.faults.clear()
    # what the fault changed has been told when it is answered
    bench.gap.permit.fetch()


def until(happened):
    pause = threading.Event()
    for _ in range(2000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def test_without_tango_devices_there_is_no_tango(simulation):
    assert "TANGO_HOST" not in simulation.environment
    for pid in simulation.pids.values():
        assert not [one for one in psutil.Process(pid).memory_maps() if "_tango" in one.path]


def test_facts_reach_the_documents(bench):
    keys = {**bench.gap.describe(), **bench.undulator.describe(), **bench.ring.describe(), **bench.axis.describe()}
    shown = {
        name.split("_", 1)[1]: [key.get(one) for one in ("dtype", "units", "precision", "lower_ctrl_limit")]
        for name, key in keys.items()
    }
    assert shown["undulator_gap"] == ["number", "mm", 4, 5.0]
    assert shown["undulator_first_harmonic"] == ["number", "eV", 2, None]
    assert shown["ring_current"] == ["number", "mA", 4, None]
    assert shown["pitch"] == ["number", "urad", 2, -500.0]


def test_a_move_ends_where_it_was_sent(bench):
    states, moved = [], threading.Event()

    def look(**_):
        states.append(bench.gap.state)
        moved.set()

    bench.gap.moving_flag.subscribe(look, run=False)
    bench.gap.set(19.0).wait(PATIENCE_S)
    assert bench.gap.position == 19.0
    assert bench.gap.locate() == {"setpoint": 19.0, "readback": 19.0}
    assert moved.wait(PATIENCE_S)
    until(lambda: bench.gap.state is State.ON)
    assert bench.undulator.first_harmonic.fetch().value > 0


def test_an_axis_moves_and_stops(bench):
    bench.axis.set(50.0).wait(PATIENCE_S)
    assert bench.axis.position == pytest.approx(50.0, abs=0.1)
    with pytest.raises(OutOfReach, match=r"pitch 900 urad: allowed -500 … 500 urad"):
        bench.axis.set(900.0)
    status = bench.axis.set(-400.0)
    until(lambda: bench.axis.moving)
    assert bench.axis.state is State.MOVING
    bench.axis.stop()
    with pytest.raises(Stopped):
        status.wait(PATIENCE_S)
    until(lambda: not bench.axis.moving)
    assert bench.axis.readback.fetch().value > -400.0
    bench.axis.set(0.0).wait(PATIENCE_S)


def test_soft_limits_are_those_of_the_moment(bench):
    bench.axis.high_soft.set(100.0).wait(PATIENCE_S)
    try:
        until(lambda: bench.axis.limits == (-500.0, 100.0))
        with pytest.raises(OutOfReach, match="allowed -500 … 100 urad"):
            bench.axis.set(200.0)
    finally:
        bench.axis.high_soft.set(500.0).wait(PATIENCE_S)


def test_an_invalid_position_is_no_arrival(bench):
    bench.simulation.pause()
    try:
        status = bench.axis.set(10.0)
        bench.faults.set("motor_invalid", "dcm.pitch")
    finally:
        bench.simulation.resume()
    with pytest.raises(BadReading, match="position is invalid at the end of the move"):
        status.wait(PATIENCE_S)
    until(lambda: bench.axis.state is State.FAULT)
    with pytest.raises(NotAllowed, match="Move is not allowed in state FAULT: position is invalid"):
        bench.axis.set(0.0)


def test_interlocks_stand_before_a_signal_too(bench):
    def refuse(value):
        raise NotPermitted(f"not to {value}")

    before, bench.gap.setpoint.guard = bench.gap.setpoint.guard, refuse
    try:
        with pytest.raises(NotPermitted, match="not to 25"):
            bench.gap.setpoint.put(25.0)
        with pytest.raises(NotPermitted, match="not to 25"):
            bench.gap.setpoint.set(25.0)
    finally:
        bench.gap.setpoint.guard = before
    assert bench.gap.readback.fetch().value == 20.0


def test_stop_ends_the_move_and_says_so(bench):
    status = bench.gap.set(39.0)
    until(lambda: bench.gap.moving)
    bench.gap.stop()
    with pytest.raises(Stopped, match="stopped on its way to 39 mm"):
        status.wait(PATIENCE_S)
    # the next move waits for the rest that the stop brings
    bench.gap.set(21.0).wait(PATIENCE_S)
    assert bench.gap.position == 21.0


def test_out_of_limits_is_refused_before_motion(bench):
    with pytest.raises(OutOfReach, match=r"undulator_gap 50 mm: allowed 5 … 40 mm"):
        bench.gap.set(50.0)
    with pytest.raises(OutOfReach):
        bench.gap.set(math.nan)


def test_a_setting_out_of_limits_is_no_success(bench):
    before = bench.gap.velocity.fetch().value
    with pytest.raises(NotTaken, match=r"asked for 99 mm/s"):
        bench.gap.velocity.set(99).wait(PATIENCE_S)
    bench.gap.velocity.set(before / 2).wait(PATIENCE_S)
    assert bench.gap.velocity.fetch().value == before / 2
    bench.gap.velocity.set(before).wait(PATIENCE_S)


def test_without_permission_nothing_moves(bench):
    bench.faults.set("undulator_permit_withdrawn", "undulator")
    until(lambda: "the machine does not permit" in bench.gap.status_text)
    assert bench.gap.state is State.DISABLE
    with pytest.raises(NotPermitted, match="the machine does not permit motion"):
        bench.gap.set(25.0)
    assert bench.gap.readback.fetch().value == 20.0


def test_a_permission_withdrawn_on_the_way_is_a_failed_move(bench):
    status = bench.gap.set(39.0)
    until(lambda: bench.gap.moving)
    bench.faults.set("undulator_permit_withdrawn", "undulator")
    with pytest.raises(MoveFailed, match="does not permit motion"):
        status.wait(PATIENCE_S)


def test_the_ring_is_read_and_its_dump_seen(bench):
    assert 390 < bench.ring.read()[bench.ring.current.name]["value"] < 402
    assert bench.ring.state is State.ON
    bench.faults.set("beam_dump", "ring")
    until(lambda: bench.ring.state is State.OFF)
    assert bench.ring.status_text == "the beam is dumped"
    assert bench.ring.read()[bench.ring.current.name]["value"] == 0.0


def test_the_states_are_those_of_the_tango_device(bench):
    """A contract between two state machines: ours, in the device, and the server's."""
    if "tango" not in bench.simulation.ports:
        pytest.skip("there is no Tango device")
    import tango

    host = bench.simulation.environment["TANGO_HOST"]
    devices = {
        **{"bl09u/id/1": bench.gap, "sr/ring/1": bench.ring, "bl09u/dcm/pitch": bench.axis},
        **{"bl09u/shutter/fe": bench.front_end, "bl09u/counter/1": bench.counter, "bl09u/ic/i0": bench.chambers["i0"]},
    }
    proxies = {device: tango.DeviceProxy(f"tango://{host}/{name}") for name, device in devices.items()}

    def agree():
        return all(str(proxy.state()) == device.state.value for device, proxy in proxies.items())

    until(agree)
    bench.faults.set("undulator_permit_withdrawn", "undulator")
    bench.faults.set("beam_dump", "ring")
    bench.faults.set("motor_invalid", "dcm.pitch")
    wanted = {State.DISABLE, State.OFF, State.FAULT, State.CLOSE, State.ON}
    until(lambda: {one.state for one in devices.values()} == wanted)
    until(agree)
    assert set(bench.gap.state.__class__.__members__) == set(tango.DevState.names)


@pytest.fixture
def light(bench):
    """Light at the ion chambers; returns the gap that gives it."""
    energy_ev, harmonic = 7085.0, 3
    gap_mm = bench.undulator.physics.gap_mm(energy_ev, harmonic)
    bench.gap.set(gap_mm).wait(PATIENCE_S)
    for one in (bench.front_end, bench.shutter):
        one.set("open").wait(PATIENCE_S)
    yield gap_mm
    bench.faults.clear()
    for one in (bench.front_end, bench.shutter):
        one.set("close").wait(PATIENCE_S)


def test_the_gap_changes_what_the_counter_counts(bench, light, connect):
    counts = [bench.count()]
    bench.gap.set(light + 5.0).wait(PATIENCE_S)
    counts.append(bench.count())
    assert counts[0]["i0"] > 2 * counts[1]["i0"]
    assert [one["count_time"] for one in counts] == [0.1, 0.1]
    if "tango" in bench.simulation.ports:  # what Tango shows, Channel Access does not
        client = connect(bench.simulation.ports["beamline"])
        for pv in ("BL09U:ID:Gap", "BL09U:SC1", "BL09U:STN:Open"):
            with pytest.raises(TimeoutError):
                absent(client, pv)


def test_each_trigger_is_one_exposure_with_one_time(bench):
    before = bench.counter.exposures_made()
    bench.count()
    bench.count()
    assert bench.counter.exposures_made() == before + 2
    reading = bench.counter.read()
    assert len({one["timestamp"] for one in reading.values()}) == 1
    assert bench.counter.describe()["i0"]["units"] == "counts"
    assert bench.counter.state is State.ON


def test_counting_is_running_and_can_be_stopped(bench):
    bench.counter.preset_time.set(500.0).wait(PATIENCE_S)
    status = bench.counter.trigger()
    until(lambda: bench.counter.state is State.RUNNING)
    bench.counter.stop()
    with pytest.raises(Stopped, match="stopped while counting"):
        status.wait(PATIENCE_S)
    until(lambda: bench.counter.state is State.ON)
    bench.count()


def test_a_counter_that_somebody_else_stopped_has_no_reading(bench):
    bench.counter.preset_time.set(500.0).wait(PATIENCE_S)
    status = bench.counter.trigger()
    until(lambda: bench.counter.state is State.RUNNING)
    bench.counter.counting.start("Done")
    with pytest.raises(Stopped, match=r"of 500 s: somebody stopped it"):
        status.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("scaler_nan", "is not a number"), ("scaler_invalid", "is invalid"), ("scaler_stale", "made no exposure")],
)
def test_a_bad_exposure_is_no_reading(bench, fault, words):
    bench.counter.preset_time.set(0.1).wait(PATIENCE_S)
    bench.faults.set(fault, "counter")
    with pytest.raises(BadReading, match=words):
        bench.counter.trigger().wait(PATIENCE_S)


def test_a_stuck_counter_is_given_up(bench, monkeypatch):
    monkeypatch.setattr(PATIENCE, "margin_s", 0.5)
    bench.counter.preset_time.set(0.1).wait(PATIENCE_S)
    bench.faults.set("scaler_stuck", "counter")
    with pytest.raises(TimedOut, match=r"the end of a count of 0\.1 s"):
        bench.counter.trigger().wait(PATIENCE_S)
    bench.faults.clear("scaler_stuck")
    until(lambda: bench.counter.state is State.ON)


def test_an_overloaded_amplifier_fails_the_reading(bench, light):
    gain = bench.chambers["i0"].gain
    before = gain.fetch().value
    gain.set(1e12).wait(PATIENCE_S)
    try:
        with pytest.raises(Overloaded, match=r"i0 is overloaded at a gain of 1e\+12 V/A"):
            bench.count()
        until(lambda: bench.chambers["i0"].state is State.ALARM)
    finally:
        gain.set(before).wait(PATIENCE_S)
    bench.count()
    until(lambda: bench.chambers["i0"].state is State.ON)


def test_a_shutter_opens_and_closes(bench):
    shutter = bench.front_end
    shutter.set("open").wait(PATIENCE_S)
    until(lambda: shutter.state is State.OPEN)
    assert shutter.read()[shutter.name]["value"] == "Open"
    shutter.set("close").wait(PATIENCE_S)
    until(lambda: shutter.state is State.CLOSE)
    with pytest.raises(OutOfReach, match="'ajar': allowed are 'open' and 'close'"):
        shutter.set("ajar")


def test_a_shutter_without_permission_stays_closed_and_closes_by_itself(bench, light):
    bench.faults.set("shutter_permit_withdrawn", "shutter")
    until(lambda: bench.shutter.state is State.CLOSE)
    until(lambda: "opening is not permitted" in bench.shutter.status_text)
    with pytest.raises(NotPermitted, match="opening is not permitted"):
        bench.shutter.set("open")
    bench.faults.clear()
    until(lambda: bench.shutter.permit.sample.value)


def test_the_guard_of_a_dead_engine_closes_it_by_its_own_protocol(bench):
    if "tango" not in bench.simulation.ports:
        pytest.skip("tests/chain/test_one_engine.py does so over Channel Access")
    bench.front_end.set("open").wait(PATIENCE_S)
    close = _address("front_end", bench.front_end.close_command, state=bench.front_end.indicator.address)
    stop = _address("pitch", bench.axis.stop_motion)
    absent = Address("other", tango="bl09u/shutter/none", command="Close", state="State")
    told = list(Channels().write_one([close, absent], [stop]))
    assert told[:2] == [
        "pitch: stopped by Stop of bl09u/dcm/pitch",
        "front_end: asked to close by Close of bl09u/shutter/fe; it is CLOSE",
    ]
    assert told[2].startswith("other: bl09u/shutter/none was not closed, or does not say so: ")
    until(lambda: bench.front_end.state is State.CLOSE)


def test_a_shutter_that_is_closed_on_the_way_has_not_opened(bench):
    bench.simulation.pause()
    try:
        status = bench.front_end.set("open")
        bench.front_end.close_command.start(1)
    finally:
        bench.simulation.resume()
    with pytest.raises(MoveFailed, match="asked to open, it is Clos"):
        status.wait(PATIENCE_S)
    until(lambda: bench.front_end.state is State.CLOSE)


def absent(client, pv):
    import tests.chain.conftest as wire

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "DEADLINE_S", 0.2)
        client._socket.settimeout(0.2)
        client.channel(pv)
