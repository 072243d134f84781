import itertools

import pytest

from devices.errors import NotAllowed, Stopped
from devices.protocols import Detector, Positioner, Source, Stateful, TwoState
from devices.state import COMMANDS, WORST_FIRST, Fact, State, Stated, alarm, allowed, first_that_holds, worst

# tango.DevState, PyTango 10
TANGO = [
    *("ON", "OFF", "CLOSE", "OPEN", "INSERT", "EXTRACT", "MOVING"),
    *("STANDBY", "FAULT", "INIT", "RUNNING", "ALARM", "DISABLE", "UNKNOWN"),
]


def test_the_fourteen_states_of_tango():
    assert [one.name for one in State] == TANGO
    assert set(WORST_FIRST) == set(State)
    assert len(WORST_FIRST) == len(TANGO)


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(WORST_FIRST, 2)))
def test_worst_part_wins(a, b):
    for parts in ((("a", a), ("b", b)), (("b", b), ("a", a))):
        stated = worst((name, Stated(state, "so it is")) for name, state in parts)
        assert stated == (a, "a: so it is")


def test_first_fact_that_holds_wins():
    facts = (Fact(False, State.FAULT, "broken"), Fact(True, State.MOVING, "moves"), Fact(True, State.ALARM, "hot"))
    assert first_that_holds(facts, Stated(State.ON, "fine")) == (State.MOVING, "moves")
    assert first_that_holds((), Stated(State.ON, "fine")) == (State.ON, "fine")


@pytest.mark.parametrize(("severity", "state"), [(0, None), (1, None), (2, State.ALARM), (3, State.FAULT)])
def test_severity(severity, state):
    fact = alarm(severity, "position")
    assert fact.holds == (state is not None)
    if state:
        assert fact.state is state


def test_every_device_states_itself_and_has_the_face_of_its_kind(bl):
    for device in bl.devices.values():
        assert isinstance(device, Stateful)
        assert isinstance(device.state, State)
        assert device.status_text
    for axis in (bl.energy, bl.undulator.gap, bl.dcm.bragg):
        assert isinstance(axis, Positioner)
    for shutter in (bl.shutter, bl.front_end):
        assert isinstance(shutter, TwoState)
    assert isinstance(bl.counter, Detector)
    assert isinstance(bl.ring, Source)


@pytest.mark.parametrize(
    ("mode", "state"), [(0, State.ON), (1, State.ON), (2, State.OFF), (3, State.INIT), (7, State.FAULT)]
)
def test_ring_states(bl, server, mode, state):
    server.post("SR:Mode", mode)
    assert bl.ring.state is state


def test_ring_current_is_asked_for_at_each_reading(bl, server):
    server.late = True
    server.post("SR:Current", 123.0)
    assert bl.ring.read()["ring_current"]["value"] == 123.0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", State)
def test_commands_are_allowed_in_the_states_of_their_table_only(command, state):
    if state in COMMANDS[command]:
        allowed("it", command, Stated(state, "so it is"))
    else:
        with pytest.raises(NotAllowed, match=f"it: {command} is not allowed in state {state.value}: so it is"):
            allowed("it", command, Stated(state, "so it is"))


def test_what_hangs_is_never_in_the_way_of_an_abort():
    assert COMMANDS["Abort"] == set(State)
    assert {State.UNKNOWN, State.MOVING, State.RUNNING}.isdisjoint(COMMANDS["Trigger"])
    assert {State.FAULT, State.UNKNOWN}.isdisjoint(COMMANDS["Move"])


def test_changes_of_state_are_told_once_each(bl, server):
    seen = []
    end = bl.ring.watch_state(lambda stated: seen.append(stated.state))
    for mode in (2, 2, 3, 0):
        server.post("SR:Mode", mode)
    assert seen == [State.ON, State.OFF, State.INIT, State.ON]
    end()
    server.post("SR:Mode", 2)
    assert seen[-1] is State.ON


def test_the_energy_tells_of_its_axes(bl, server):
    seen = []
    bl.energy.watch_state(lambda stated: seen.append(stated))
    server.post("BL09U:ID:Permit", 0)
    assert seen[0].state is State.ON
    assert (seen[-1].state, "gap" in seen[-1].text) == (State.DISABLE, True)


def test_an_axis_whose_position_is_invalid_is_not_moved(bl, server):
    server.post("BL09U:DCM:Bragg.RBV", 16.2, severity=3)
    with pytest.raises(NotAllowed, match=r"dcm_bragg: Move is not allowed in state FAULT: position is invalid"):
        bl.dcm.bragg.set(16.3)


def test_init_asks_for_everything_anew(bl):
    before = bl.ring.current.fetched
    assert bl.ring.init().state is State.ON
    assert bl.ring.current.fetched == before + 1


def test_abort_ends_a_move_and_reaches_every_part(bl):
    bl.fake.motors["bragg"].hold = True
    status = bl.energy.set(7200.0)
    bl.energy.abort()
    assert isinstance(status.exception(1), Stopped)
