"""Before anything is moved or written, the session is asked whether this process may."""

import pytest

from devices import permission
from devices.errors import NotPermitted


class Station:
    """Says who is asked for, and forbids it."""

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, name, value):
        self.asked.append((name, value))
        raise NotPermitted(f"{name}: somebody else has the station")


@pytest.fixture
def station():
    one = Station()
    end = permission.require(one)
    yield one
    end()


MOVES = {
    "energy": lambda bl: bl.energy.set(7112.0),
    "axis": lambda bl: bl.dcm.bragg.set(17.0),
    "gap": lambda bl: bl.undulator.gap.set(12.0),
    "opening": lambda bl: bl.shutter.set("open"),
    "closing": lambda bl: bl.shutter.set("close"),
    "a signal's set": lambda bl: bl.dcm.bragg.setpoint.set(17.0),
    "a signal's put": lambda bl: bl.dcm.bragg.velocity.put(2.0),
    "opening past the device": lambda bl: bl.shutter.open_command.put(1),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_nothing_is_moved_without_permission(bl, server, station, move):
    with pytest.raises(NotPermitted, match="somebody else has the station"):
        move(bl)
    assert station.asked
    assert server.writes == []


def test_devices_are_asked_for_by_name_and_with_what_they_shall_do(bl, station):
    for move in (MOVES["axis"], MOVES["closing"]):
        with pytest.raises(NotPermitted):
            move(bl)
    assert station.asked == [("dcm_bragg", 17.0), ("shutter", "close")]


def test_stopping_is_always_allowed(bl, server, station):
    server.post("BL09U:DCM:Bragg.DMOV", 0)
    bl.dcm.bragg.stop()
    assert server.writes == [("BL09U:DCM:Bragg.STOP", 1)]


def test_without_a_session_nobody_is_asked(bl):
    bl.dcm.bragg.set(17.0).wait(5)
