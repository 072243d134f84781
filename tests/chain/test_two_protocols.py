"""The same devices on the same simulated hardware over Channel Access and over Tango: one behaviour."""

import math
import threading

import psutil
import pytest

from beam import facts
from beam.errors import OutOfReach
from devices import MotorAxis, RingStatus, State, Undulator
from devices.deadlines import PATIENCE
from devices.errors import BadReading, MoveFailed, NotAllowed, NotPermitted, NotTaken, Stopped
from ioc_sim.launch import Simulation

PATIENCE_S = 20.0
SCALE = 100.0


class Bench:
    """Undulator, ring and one axis, by one protocol."""

    def __init__(self, simulation, facility, beamline, unique):
        self.simulation, self.faults = simulation, simulation.faults
        self.undulator = Undulator(beamline.devices["undulator"], facility.ring, name=f"{unique}undulator")
        self.gap = self.undulator.gap
        self.ring = RingStatus(facility.ring, name=f"{unique}ring")
        self.axis = MotorAxis(beamline.devices["dcm"].pitch, name=f"{unique}pitch")
        for device in (self.undulator, self.ring, self.axis):
            device.wait_for_connection(timeout=PATIENCE_S)

    def close(self):
        for device in (self.undulator, self.ring, self.axis):
            device.destroy()


@pytest.fixture(scope="module")
def tango_config(tmp_path_factory):
    directory = tmp_path_factory.mktemp("config")
    (directory / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    (directory / "bl09u.toml").write_text('[devices.dcm.pitch]\ntango = "bl09u/dcm/pitch"\n')
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
    devices = {"bl09u/id/1": bench.gap, "sr/ring/1": bench.ring, "bl09u/dcm/pitch": bench.axis}
    proxies = {device: tango.DeviceProxy(f"tango://{host}/{name}") for name, device in devices.items()}

    def agree():
        return all(str(proxy.state()) == device.state.value for device, proxy in proxies.items())

    until(agree)
    bench.faults.set("undulator_permit_withdrawn", "undulator")
    bench.faults.set("beam_dump", "ring")
    bench.faults.set("motor_invalid", "dcm.pitch")
    until(lambda: {one.state for one in devices.values()} == {State.DISABLE, State.OFF, State.FAULT})
    until(agree)
    assert set(bench.gap.state.__class__.__members__) == set(tango.DevState.names)


def test_gap_moved_over_tango_changes_what_the_counter_reads_over_ca(bench, connect):
    if "tango" not in bench.simulation.ports:
        pytest.skip("all of it is Channel Access")
    client = connect(bench.simulation.ports["beamline"])
    client.put("BL09U:FE:Open", 1)
    client.put("BL09U:STN:Open", 1)
    client.put("BL09U:SC1.TP", 0.1)
    client.put("BL09U:DCM:Bragg", 16.2)
    energy_ev, harmonic = 7085.0, 3
    bright = bench.undulator.physics.gap_mm(energy_ev, harmonic)
    counts = []
    for gap in (bright, bright + 5.0):
        bench.gap.set(gap).wait(PATIENCE_S)
        client.put("BL09U:SC1.CNT", 1)
        counts.append(client.get("BL09U:SC1.S2"))
    assert counts[0] > 2 * counts[1]
    with pytest.raises(TimeoutError):  # what Tango shows, Channel Access does not
        absent(client)


def absent(client):
    import tests.chain.conftest as wire

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "DEADLINE_S", 0.5)
        client._socket.settimeout(0.5)
        client.channel("BL09U:ID:Gap")
