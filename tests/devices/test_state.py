import itertools

import pytest

from devices.protocols import Detector, Positioner, Source, Stateful, TwoState
from devices.state import WORST_FIRST, Fact, State, Stated, alarm, first_that_holds, worst

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
