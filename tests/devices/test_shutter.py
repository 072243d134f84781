import pytest

from beam.errors import OutOfReach
from devices.errors import MoveFailed, NotPermitted, TimedOut
from devices.state import State


def test_opens_and_closes(bl):
    bl.shutter.set("open").wait(1)
    assert bl.shutter.is_open
    assert bl.shutter.state is State.OPEN
    assert bl.shutter.read()["shutter"]["value"] == "Open"
    bl.shutter.set("close").wait(1)
    assert bl.shutter.state is State.CLOSE


def test_refuses_other_words_and_opening_without_permission(bl, server):
    with pytest.raises(OutOfReach, match="'open' and 'close'"):
        bl.shutter.set("ajar")
    server.post("BL09U:STN:Permit", 0)
    with pytest.raises(NotPermitted):
        bl.shutter.set("open")
    bl.shutter.set("close").wait(1)
    assert server.writes == [("BL09U:STN:Close", 1)]


def test_completion_alone_is_no_success(bl):
    bl.fake.shutters["shutter"].stuck = True
    with pytest.raises(MoveFailed, match="asked to open, it is Closed"):
        bl.shutter.set("open").wait(1)


def test_never_a_hang(bl, server, impatient):
    server.on_write["BL09U:STN:Open"] = lambda value, done: None
    with pytest.raises(TimedOut, match=r"shutter: waited .* s for it to be open; last value 0, seen"):
        bl.shutter.set("open").wait(5)


def test_closed_while_paused_and_open_again_after(bl):
    bl.shutter.set("open").wait(1)
    bl.front_end.set("open").wait(1)
    for one in (bl.shutter, bl.front_end):
        one.pause()
    assert not bl.shutter.is_open
    assert bl.front_end.is_open
    for one in (bl.shutter, bl.front_end):
        one.resume()
    assert bl.shutter.is_open


def test_pause_does_not_touch_a_shutter_that_it_did_not_open(bl, server):
    server.post("BL09U:STN:State", 2)
    bl.shutter.pause()
    bl.shutter.resume()
    assert server.writes == []


def test_index_that_does_not_exist_is_a_fault(bl, server):
    server.post("BL09U:STN:State", 9)
    assert bl.shutter.state is State.FAULT
    assert "index 9 of 5" in bl.shutter.status_text
