"""Rules hold however a move is started, and what is not known is not safe. No network."""

import pytest

import beamlines
from beam.errors import ConfigError, OutOfReach
from devices.errors import NotPermitted
from devices.walking import walking
from tests.devices.fake_server import FakeMotor, FakeServer, FakeShutter

ARM, STOP, Z = "gp:arm1", "gp:det1:stop", "gp:det1:z"


@pytest.fixture
def bench(server):
    tree = beamlines.load("bench", transport=server)
    tree.motors = {
        key: FakeMotor(server, getattr(tree, key).facts) for key in ("sample_arm", "detector_z", "beam_stop")
    }
    FakeShutter(server, tree.fast_shutter.facts)
    return tree


def refused(words):
    return pytest.raises(NotPermitted, match=words)


def test_an_axis_moves_only_while_a_shutter_is_closed(bench, server):
    bench.sample_arm.set(5.0).wait(5)
    bench.fast_shutter.set("open").wait(5)
    writes = list(server.writes)
    rule = (
        r"sample_arm 6 mm: interlock, the sample arm moves only while the fast shutter is closed: fast_shutter is open"
    )
    with refused(rule):
        bench.sample_arm.set(6.0)
    assert server.writes == writes
    bench.fast_shutter.set("close").wait(5)
    bench.sample_arm.set(6.0).wait(5)


def test_what_a_rule_needs_stays_while_it_is_needed(bench):
    bench.motors["sample_arm"].hold = True
    status = bench.sample_arm.set(5.0)
    with refused("fast_shutter open: interlock, .*sample_arm is at 0 mm, going to 5 mm, fast_shutter must be closed"):
        bench.fast_shutter.set("open")
    bench.motors["sample_arm"].arrive()
    status.wait(5)
    bench.fast_shutter.set("open").wait(5)


def test_beyond_a_position_only_with_another_axis_in(bench, server):
    bench.detector_z.set(300.0).wait(5)
    with refused("detector_z 300.1 mm: .*beam_stop is at 20 mm, it must be at 0 ± 0.1 mm"):
        bench.detector_z.set(300.1)
    bench.beam_stop.set(0.05).wait(5)
    bench.detector_z.set(400.0).wait(5)
    with refused("beam_stop 10 mm: .*detector_z is at 400 mm, beam_stop must be at 0 ± 0.1 mm"):
        bench.beam_stop.set(10.0)
    bench.beam_stop.set(-0.05).wait(5)
    bench.detector_z.set(200.0).wait(5)
    bench.beam_stop.set(10.0).wait(5)


def test_the_way_back_is_free_when_the_need_is_lost(bench, server):
    bench.beam_stop.set(0.0).wait(5)
    bench.detector_z.set(400.0).wait(5)
    server.post(f"{STOP}.RBV", 15.0)  # somebody moved it
    with refused("beam_stop is at 15 mm"):
        bench.detector_z.set(500.0)
    bench.detector_z.set(300.0).wait(5)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda server: server.disconnect("gp:shutter2:"), "gp:shutter2:State is not connected.* must be closed"),
        (lambda server: server.post("gp:shutter2:State", 0, severity=3), "its state is invalid.* must be closed"),
        (lambda server: server.post("gp:shutter2:State", 3), "fast_shutter is closing, going to closed"),
        (lambda server: server.post("gp:shutter2:State", 4), "its state is invalid"),
    ],
    ids=["disconnected", "INVALID", "on its way", "fault"],
)
def test_what_is_not_known_is_not_safe(bench, server, spoil, words):
    spoil(server)
    with refused(words):
        bench.sample_arm.set(5.0)
    assert not server.writes


def test_an_axis_that_is_not_known_or_moves_fulfils_nothing(bench, server):
    bench.beam_stop.set(0.0).wait(5)
    server.post(f"{STOP}.RBV", float("nan"))
    with refused("beam_stop: its position is invalid"):
        bench.detector_z.set(400.0)
    server.post(f"{STOP}.RBV", 0.0)
    server.post(f"{STOP}.VAL", 10.0)
    server.post(f"{STOP}.DMOV", 0)  # somebody else moves it
    with refused("beam_stop is at 0 mm, going to 10 mm"):
        bench.detector_z.set(400.0)


def test_conditions_are_asked_for_not_remembered(bench, server):
    server.late = True
    server.post("gp:shutter2:State", 2)  # open, and no monitor of it has come
    with refused("fast_shutter is open"):
        bench.sample_arm.set(5.0)


def test_writing_past_the_device_is_no_way_round(bench, server):
    server.post("gp:shutter2:State", 2)
    for write in (bench.sample_arm.setpoint.set, bench.sample_arm.setpoint.put):
        with refused("the sample arm moves only while"):
            write(5.0)
    assert not server.writes


def test_closing_is_never_refused(bench, server):
    server.post("gp:shutter2:State", 2)
    server.disconnect(ARM)
    bench.fast_shutter.set("close").wait(5)
    for way in (bench.fast_shutter.set, bench.fast_shutter.open_command.put):  # the latter past the device
        with refused("gp:arm1.DMOV is not connected"):
            way("open" if way == bench.fast_shutter.set else 1)
    bench.fast_shutter.open_command.put(0)


def test_limits_come_first_and_other_axes_are_free(bench):
    with pytest.raises(OutOfReach):
        bench.sample_arm.set(-1.0)
    assert bench.general1.interlocks is None


def test_nothing_moves_or_writes_while_a_plan_is_looked_through(bench, server):
    with walking():
        for attempt in (
            lambda: bench.sample_arm.set(1.0),
            lambda: bench.fast_shutter.set("close"),
            lambda: bench.general1.velocity.put(2.0),
        ):
            with refused("by itself, not by a message"):
                attempt()
    assert not server.writes


RULE = """[[interlock]]
says = "a rule for the test"
moving = "detector_z"
above.mm = 300.0
needs = [{ device = "beam_stop", at.mm = 0.0, within.mm = 0.1 }]"""

WRONG = [
    (
        'moving = "detector_z"',
        'moving = "detector_y"',
        "interlock 3: unknown device 'detector_y'; did you mean detec",
    ),
    ('moving = "detector_z"', 'moving = "counter"', "counter is neither an axis with a drive of its own nor"),
    ("above.mm", "above.deg", "detector_z is in mm; 300 deg says nothing about it"),
    ("above.mm = 300.0", 'to = "open"', "detector_z is an axis; it is never open"),
    ("above.mm = 300.0", "above = {}", "above: give it in one unit: mm, deg, urad"),
    ("above.mm", "abov.mm", r"interlock.2.abov: unknown key; did you mean above"),
    (", within.mm = 0.1", "", "at and within belong together"),
    ('"beam_stop"', '"detector_z"', "detector_z cannot need itself"),
    (", at.mm = 0.0, within.mm = 0.1", "", "say what it needs"),
    ("at.mm = 0.0, within.mm = 0.1", 'state = "shut"', "needs.0.state.*'open' or 'closed'"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG, ids=[new or "nothing" for _, new, _ in WRONG])
def test_a_rule_that_makes_no_sense_is_named(config_copy, old, new, message):
    assert old in RULE
    file = config_copy / "bench.toml"
    file.write_text(file.read_text() + "\n" + RULE.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        beamlines.load("bench", config_copy, FakeServer())


def test_energy_is_refused_when_one_of_its_axes_is(config_copy, server):
    from tests.devices.fake_server import FakeBeamline

    file = config_copy / "bl09u.toml"
    rule = """
[[interlock]]
says = "the crystals turn below 20 degrees only with the front end closed"
moving = "dcm.bragg"
below.deg = 20.0
needs = [{ device = "front_end", state = "closed" }]
"""
    file.write_text(file.read_text() + rule)
    tree = beamlines.load("bl09u", config_copy, server)
    FakeBeamline(server, tree.facility, tree.facts)
    tree.energy.set(5000.0).wait(5)
    tree.front_end.set("open").wait(5)
    writes = list(server.writes)
    with refused("dcm_bragg .* deg: interlock, the crystals turn below 20"):
        tree.energy.set(7200.0)
    assert server.writes == writes
