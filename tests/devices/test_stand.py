import pytest

from devices.errors import NotPermitted


def test_the_beam_stop_has_places(bl):
    assert bl.beam_stop.place.position == "in"
    bl.beam_stop.place.set("out").wait(5)
    assert bl.beam_stop.y.position == 25.0
    assert bl.beam_stop.read()["beam_stop_place"]["value"] == "out"
    assert bl.beam_stop.read().keys() == bl.beam_stop.describe().keys()


def test_it_leaves_the_beam_only_while_the_shutter_is_closed(bl):
    bl.shutter.set("open").wait(5)
    with pytest.raises(NotPermitted, match=r"beam_stop_y 25 mm: interlock, the beam stop leaves .* shutter is open"):
        bl.beam_stop.place.set("out")
    bl.shutter.set("close").wait(5)
    bl.beam_stop.place.set("out").wait(5)
    with pytest.raises(NotPermitted, match=r"shutter open: interlock, .*beam_stop_y is at 25 mm"):
        bl.shutter.set("open")


def test_the_table_goes_far_only_with_the_beam_stop_in(bl):
    bl.table.z.set(800.0).wait(5)
    with pytest.raises(NotPermitted, match=r"beam_stop_y 25 mm: interlock, the detector table goes beyond 500 mm"):
        bl.beam_stop.place.set("out")
    bl.table.z.set(300.0).wait(5)
    bl.beam_stop.place.set("out").wait(5)
    with pytest.raises(NotPermitted, match=r"table_z 800 mm: interlock"):
        bl.table.z.set(800.0)


def test_a_valve_and_the_safety_system_are_only_looked_at(bl):
    assert (bl.valve.state.value, bl.valve.status_text) == ("OPEN", "open")
    bl.fake.server.post("BL09U:GV1:State", 0)
    bl.fake.server.post("BL09U:GV1:Trip", 1)
    assert (bl.valve.state.value, bl.valve.status_text) == ("ALARM", "closed; tripped, to be reset")
    assert bl.hutch.status_text == "searched and locked"
    bl.fake.server.post("BL09U:PSS:Permit", 0)
    assert bl.hutch.state.value == "DISABLE"
    for device in (bl.valve, bl.hutch):
        assert not hasattr(device, "set") or type(device).set is type(bl.ring).set
        assert not any(signal.quantity.writable for signal in device.signals())
