"""Each fault of beamline and ring triggered once over the wire, and seen by an outside client."""

import json
import math

import caproto as ca
import pytest

from ioc_sim.errors import Refused
from ioc_sim.launch import Simulation

INVALID, MAJOR = 3, 2
BRAGG, SCALER = "BL09U:DCM:Bragg", "BL09U:SC1"


@pytest.fixture(scope="module")
def served():
    with Simulation("bl09u", time_scale=20.0, seed=1) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    yield connect(served.ports["beamline"])
    served.faults.clear()


def monitored(client, name, wanted):
    """Wait for a monitor of this value."""
    client.until(lambda: client.latest(name) == wanted)


def sent(client, degrees):
    """Send the Bragg axis somewhere, monitored; return start, target and the put's number."""
    start = client.get(f"{BRAGG}.RBV")
    client.subscribe(f"{BRAGG}.DMOV", f"{BRAGG}.MOVN", f"{BRAGG}.RBV")
    number = client.start(BRAGG, start + degrees)
    monitored(client, f"{BRAGG}.DMOV", 0)
    return start, start + degrees, number


def open_numbers(client):
    """Return the puts that have completed or failed, after a round trip."""
    client.get("BL09U:SIM:Seed")
    return set(client._answers)


def count(client):
    client.put(f"{SCALER}.TP", 0.5)
    client.put(f"{SCALER}.CNT", 1)


def test_a_stuck_motor_does_not_move_until_it_is_cleared(client, fault):
    with fault("motor_stuck", "dcm.bragg"):
        start, target, number = sent(client, 1.0)
        monitored(client, f"{BRAGG}.MOVN", 1)
        # as long as the motion would have taken twice over, on the wall, in an axis that works
        client.put("BL09U:DCM:Pitch", client.get("BL09U:DCM:Pitch.RBV") + 200.0)
        assert (client.get(f"{BRAGG}.DMOV"), client.get(f"{BRAGG}.RBV")) == (0, pytest.approx(start))
        assert number not in open_numbers(client)
    assert client.completed(number)
    assert client.get(f"{BRAGG}.RBV") == pytest.approx(target, abs=1e-4)


def test_stop_ends_the_motion_of_a_stuck_motor(client, fault):
    with fault("motor_stuck", "dcm.bragg"):
        start, _, number = sent(client, 1.0)
        client.put(f"{BRAGG}.STOP", 1)
        assert client.completed(number)
        assert client.get(f"{BRAGG}.RBV") == pytest.approx(start)


def test_lost_done_arrives_but_never_says_so(client, fault):
    with fault("motor_lost_done", BRAGG):
        _, target, number = sent(client, 0.5)
        client.until(lambda: abs(client.latest(f"{BRAGG}.RBV") - target) < 1e-4)
        client.put("BL09U:SIM:Advance", 10.0)
        assert client.get(f"{BRAGG}.DMOV") == 0
        assert number not in open_numbers(client)
        served_target = client.get(BRAGG)
    assert client.completed(number)
    assert client.get(f"{BRAGG}.DMOV") == 1
    assert served_target == pytest.approx(target)


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_a_limit_switch_in_the_way(client, fault, way):
    with fault("motor_limit_hit", "dcm.bragg", at=0.25):
        start, _, number = sent(client, way)
        assert client.completed(number)
        assert client.get(f"{BRAGG}.RBV") == pytest.approx(start + way / 4, abs=1e-4)
        assert (client.get(f"{BRAGG}.HLS"), client.get(f"{BRAGG}.LLS")) == ((1, 0) if way > 0 else (0, 1))
    assert (client.get(f"{BRAGG}.HLS"), client.get(f"{BRAGG}.LLS")) == (0, 0)
    client.put(BRAGG, start)
    assert client.get(f"{BRAGG}.RBV") == pytest.approx(start, abs=1e-4)


def test_a_following_error(client, fault):
    with fault("motor_following_error", "dcm.bragg", by=0.01):
        _, target, number = sent(client, 0.5)
        assert client.completed(number)
        assert client.get(f"{BRAGG}.RBV") == pytest.approx(target + 0.01, abs=1e-4)
        assert client.get(f"{BRAGG}.SEVR") == MAJOR
    assert client.get(f"{BRAGG}.SEVR") == 0


def test_somebody_elses_stop(client, fault):
    with fault("motor_foreign_stop", "dcm.bragg", at=0.5):
        start, target, number = sent(client, 2.0)
        assert client.completed(number)
        assert start + 0.9 < client.get(f"{BRAGG}.RBV") < target - 0.8
        assert client.get(BRAGG) == pytest.approx(client.get(f"{BRAGG}.RBV"))


def test_an_invalid_motor(client, fault):
    client.subscribe(f"{BRAGG}.SEVR")
    with fault("motor_invalid", "dcm.bragg"):
        monitored(client, f"{BRAGG}.SEVR", INVALID)
    monitored(client, f"{BRAGG}.SEVR", 0)


def test_a_scaler_stuck_in_counting(client, fault):
    client.put(f"{SCALER}.TP", 0.1)
    with fault("scaler_stuck", "counter"):
        number = client.start(f"{SCALER}.CNT", 1)
        client.put("BL09U:DCM:Pitch", client.get("BL09U:DCM:Pitch.RBV") - 50.0)
        abort = client.start(f"{SCALER}.CNT", 0)
        assert client.get(f"{SCALER}.CNT") == 1
        assert not {number, abort} & open_numbers(client)
    assert client.completed(number)
    assert client.get(f"{SCALER}.CNT") == 0


def test_stale_counts(client, fault):
    count(client)

    def stamped():
        channel = client.channel(f"{SCALER}.S2")
        request = channel.read(data_type=ca.ChannelType.TIME_DOUBLE)
        client._send(request)
        answer = client._answer(request.ioid)
        return answer.data[0], answer.metadata.timestamp

    before, exposures = stamped(), client.get(f"{SCALER}:ExposureCount")
    with fault("scaler_stale", SCALER):
        count(client)
        assert stamped() == before
        assert client.get(f"{SCALER}:ExposureCount") == exposures
    count(client)
    assert stamped()[1] > before[1]
    assert client.get(f"{SCALER}:ExposureCount") == exposures + 1


def test_counts_that_are_no_numbers(client, fault):
    with fault("scaler_nan", "counter"):
        count(client)
        assert math.isnan(client.get(f"{SCALER}.S2"))
        assert client.get(f"{SCALER}.S1") == 5e6
    count(client)
    assert math.isfinite(client.get(f"{SCALER}.S2"))


def test_invalid_counts(client, fault):
    client.subscribe(f"{SCALER}.SEVR")
    with fault("scaler_invalid", "counter"):
        monitored(client, f"{SCALER}.SEVR", INVALID)
        count(client)
        assert client.get(f"{SCALER}.SEVR") == INVALID
    monitored(client, f"{SCALER}.SEVR", 0)


@pytest.mark.parametrize(("target", "name", "value"), [("dcm.bragg", BRAGG, 0.2), ("counter", f"{SCALER}.CNT", 1)])
def test_a_put_that_never_completes(client, fault, target, name, value):
    done = f"{BRAGG}.DMOV" if name == BRAGG else f"{SCALER}.CNT"
    client.subscribe(done)
    with fault("put_never_completes", target):
        number = client.start(name, client.get(f"{BRAGG}.RBV") + value if name == BRAGG else value)
        monitored(client, done, 0 if name == BRAGG else 1)
        monitored(client, done, 1 if name == BRAGG else 0)
        assert number not in open_numbers(client)
    assert client.completed(number)


def test_the_safety_system_closes_the_shutter(client, fault):
    client.put("BL09U:STN:Open", 1)
    client.subscribe("BL09U:STN:State")
    with fault("shutter_permit_withdrawn", "shutter"):
        monitored(client, "BL09U:STN:State", 0)
        with pytest.raises(ca.ErrorResponseReceived, match="the safety system does not permit opening"):
            client.put("BL09U:STN:Open", 1)
    assert client.get("BL09U:STN:State") == 0
    client.put("BL09U:STN:Open", 1)
    client.put("BL09U:STN:Close", 1)


def test_the_machine_withdraws_the_undulators_permission(client, fault, served):
    client.subscribe("BL09U:ID:Moving")
    number = client.start("BL09U:ID:Gap", 12.0)
    monitored(client, "BL09U:ID:Moving", 1)
    with fault("undulator_permit_withdrawn", "undulator"):
        assert not client.completed(number)
        assert client.get("BL09U:ID:GapRbv") != 12.0
        with pytest.raises(ca.ErrorResponseReceived, match="the machine does not permit gap motion"):
            client.put("BL09U:ID:Gap", 13.0)
    client.put("BL09U:ID:Gap", 12.0)
    assert client.get("BL09U:ID:GapRbv") == pytest.approx(12.0)


def test_beam_dump_and_refill(client, connect, fault, served):
    ring = connect(served.ports["ring"])
    ring.subscribe("SR:Mode", "SR:Current")
    with fault("beam_dump", "ring"):
        monitored(ring, "SR:Mode", 2)
        client.put("BL09U:SIM:Advance", 5.0)
        assert ring.get("SR:Current") == 0.0
    monitored(ring, "SR:Mode", 3)
    client.put("BL09U:SIM:Advance", 3600.0)
    monitored(ring, "SR:Mode", 0)
    assert ring.get("SR:Current") > 0


def test_topup_off(client, connect, fault, served):
    ring = connect(served.ports["ring"])
    ring.subscribe("SR:Mode")
    with fault("topup_off", "ring"):
        monitored(ring, "SR:Mode", 1)


def test_a_topup_injection_out_of_turn(client, connect, served):
    ring = connect(served.ports["ring"])
    ring.subscribe("SR:TopUpGate")
    client.put("BL09U:SIM:Advance", 30.0)
    before = ring.get("SR:Current")
    served.faults.set("topup_injection", "ring")
    monitored(ring, "SR:TopUpGate", 0)
    assert served.faults.active() == []  # over at once
    client.put("BL09U:SIM:Advance", 5.0)
    assert ring.get("SR:TopUpGate") == 1
    assert ring.get("SR:Current") > before


def test_the_command(served, terasu, tmp_path):
    here = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        served.announce()

    def say(*words):
        return terasu.command("fault", *words, environment=here)

    try:
        assert say("set", "motor_following_error", "dcm.perp", "by=0.2").stdout == (
            "set: motor_following_error dcm.perp by=0.2\n"
        )
        listed = say("list").stdout.splitlines()
        assert listed[0] == "set: motor_following_error dcm.perp by=0.2"
        assert "beam_dump: ring" in listed
        wrong = say("set", "motor_stuk", "dcm.perp")
        assert (wrong.returncode, "did you mean motor_stuck" in wrong.stderr) == (3, True)
        assert say("clear").stdout == "cleared: motor_following_error dcm.perp\n"
    finally:
        served.faults.clear()
    assert terasu.command("fault", "list", "--port", "1024", environment=here).returncode == 2


def test_refusals_reach_the_client(served, client):
    with pytest.raises(Refused, match=r"unknown target of motor_stuck 'dcm\.brag'; did you mean dcm\.bragg"):
        served.faults.set("motor_stuck", "dcm.brag")
    with pytest.raises(ca.ErrorResponseReceived, match="did you mean motor_stuck"):
        client.put("BL09U:SIM:Fault", json.dumps({"action": "set", "name": "motor_stcuk", "target": "dcm.bragg"}))
