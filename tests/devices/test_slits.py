import pytest

from beam import facts
from beam.errors import ConfigError, OutOfReach
from devices.errors import NotPermitted


def at(slits):
    return {key: round(getattr(slits, key).position, 6) for key in ("left", "right", "bottom", "top")}


def test_centre_and_size_are_those_of_the_blades(bl):
    assert bl.slits.x_size.position == 12.0
    bl.slits.x_size.set(1.0).wait(5)
    bl.slits.x_centre.set(0.25).wait(5)
    assert at(bl.slits) == {"left": -0.25, "right": 0.75, "bottom": -6.0, "top": 6.0}
    assert (bl.slits.x_centre.position, bl.slits.x_size.position) == (0.25, 1.0)
    assert bl.slits.y_centre.position == 0.0


@pytest.mark.parametrize(("target", "first"), [(5.0, "Right"), (-5.0, "Left")])
def test_the_leading_blade_moves_first(bl, target, first):
    bl.slits.x_size.set(0.2).wait(5)
    before = len(bl.fake.server.writes)
    bl.slits.x_centre.set(target).wait(5)
    moved = [pv for pv, _ in bl.fake.server.writes[before:] if pv.endswith(".VAL")]
    assert moved[0] == f"BL09U:SLT:{first}.VAL"
    assert len(moved) == 2


def test_blades_that_would_cross_are_refused_however_they_are_moved(bl):
    slits = bl.slits
    with pytest.raises(NotPermitted, match=r"slits_left 7 mm: blades must not cross: slits_right is at 6 mm"):
        slits.left.set(7.0)
    with pytest.raises(NotPermitted, match="must not cross"):
        slits.left.setpoint.put(7.0)
    with pytest.raises(OutOfReach, match=r"slits_x_size -0.1 mm: the blades would cross: 0 mm or more is allowed"):
        slits.x_size.set(-0.1)
    with pytest.raises(OutOfReach, match="would cross"):
        slits.x_size.check_value(float("nan"))
    assert at(slits)["left"] == -6.0


def test_a_blade_whose_opposite_is_not_known_does_not_move(bl):
    bl.fake.server.post("BL09U:SLT:Right.RBV", 6.0, severity=3)
    with pytest.raises(NotPermitted, match="position is invalid"):
        bl.slits.left.set(0.0)


def test_a_target_beyond_a_blade_s_limit_names_the_blade(bl):
    with pytest.raises(OutOfReach, match=r"slits_x_centre 12 mm: slits_right 18 mm: allowed -10 … 15 mm"):
        bl.slits.x_centre.set(12.0)


def test_limits_of_centre_and_size(bl):
    assert bl.slits.x_centre.limits == (-9.0, 9.0)
    assert bl.slits.x_size.limits == (0.0, 30.0)


def test_a_failed_blade_fails_the_opening(bl):
    bl.fake.motors["slits.right"].lands_at = lambda target: target - 0.5
    status = bl.slits.x_centre.set(0.5)
    with pytest.raises(Exception, match="slits_right: ended at"):
        status.wait(5)
    assert at(bl.slits)["left"] == -6.0


def test_readings_hold_the_openings(bl):
    reading, keys = bl.slits.read(), bl.slits.describe()
    assert reading.keys() == keys.keys()
    assert reading["slits_y_size"]["value"] == 12.0
    assert keys["slits_y_size"]["units"] == "mm"
    assert bl.slits.x_size.read().keys() == bl.slits.x_size.describe().keys()


def test_a_scanned_opening_does_not_creep(bl):
    """Readbacks come in steps of the encoder; the size that is kept is the one that was asked for."""
    for motor in (bl.fake.motors["slits.left"], bl.fake.motors["slits.right"]):
        motor.lands_at = lambda target: round(target / 0.0005) * 0.0005
    bl.slits.x_size.set(1.0003).wait(5)
    for n in range(20):
        bl.slits.x_centre.set(0.00033 * n).wait(5)
    low, high = (getattr(bl.slits, blade).setpoint.sample.value for blade in ("left", "right"))
    assert high - low == pytest.approx(1.0003, abs=1e-9)


def test_a_plan_is_checked_with_the_blades_as_they_will_be(bl):
    from bluesky.plan_stubs import mv

    from daq.check_plan import check_plan
    from daq.errors import Refused

    def plan(size, centre):
        yield from mv(bl.slits.x_size, size)
        yield from mv(bl.slits.x_centre, centre)
        yield from mv(bl.slits.left, centre)

    seen = check_plan(plan, 1.0, 9.0)
    assert seen.whole
    assert seen.moves["slits_right"].high == 9.5
    with pytest.raises(Refused, match=r"slits_x_centre 12 mm: slits_right 17 mm: allowed"):
        check_plan(plan, 10.0, 12.0)

    def crossing():
        yield from mv(bl.slits.x_size, 1.0)
        yield from mv(bl.slits.left, 0.6)

    with pytest.raises(Refused, match=r"blades must not cross: slits_right is at 0\.5 mm"):
        check_plan(crossing)


def test_parts_are_found_by_name(bl):
    assert bl.find("slits.x_size") is bl.slits.x_size
    assert bl.find("slits_x_size") is bl.slits.x_size


def test_slits_that_start_crossed_are_no_configuration(the_facts, tmp_path):
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (tmp_path / "bl09u.toml").write_text("[devices.slits.left]\nstart_mm = 8.0\n")
    with pytest.raises(ConfigError, match=r"devices.slits: left and right start -2 mm apart"):
        facts.load("bl09u", tmp_path)
