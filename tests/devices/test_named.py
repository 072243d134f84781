import pytest

from beam.errors import OutOfReach
from devices.errors import MoveFailed


def test_a_stripe_is_chosen_by_its_name(bl):
    assert bl.mirror.stripe.position == "out"
    bl.mirror.stripe.set("Rh").wait(5)
    assert bl.mirror.x.position == 0.0
    assert bl.mirror.stripe.locate() == {"setpoint": "Rh", "readback": "Rh"}
    assert bl.mirror.stripe.read()["mirror_stripe"]["value"] == "Rh"
    assert bl.mirror.status_text == "Rh, 4000.0 urad"
    assert bl.mirror.read().keys() == bl.mirror.describe().keys()


def test_between_positions_it_says_so(bl):
    bl.mirror.x.set(7.0).wait(5)
    assert bl.mirror.stripe.position == "between"
    assert bl.mirror.reflects(7112.0) == 0.0


def test_an_unknown_name_names_those_there_are(bl):
    with pytest.raises(OutOfReach, match=r"mirror_stripe 'Au': allowed are Si, Rh, Pt, out"):
        bl.mirror.stripe.set("Au")
    with pytest.raises(OutOfReach):
        bl.mirror.stripe.check_value(3.0)


def test_an_axis_that_ends_elsewhere_fails_it(bl):
    bl.fake.motors["mirror.x"].lands_at = lambda target: target + 1.0
    with pytest.raises(MoveFailed, match="mirror_x: ended at"):
        bl.mirror.stripe.set("Si").wait(5)


def test_what_is_reflected_follows_stripe_and_angle(bl):
    assert bl.mirror.reflects(21_336.0) == 1.0
    bl.mirror.stripe.set("Rh").wait(5)
    assert bl.mirror.reflects(7112.0) > 0.7
    assert bl.mirror.reflects(21_336.0) < 0.01


def test_plans_move_it_by_name(bl):
    from bluesky.plan_stubs import mv

    from daq.check_plan import check_plan
    from daq.errors import Refused

    seen = check_plan(mv, bl.mirror.stripe, "Pt")
    assert seen.whole
    assert seen.moves["mirror_x"].last == 15.0
    with pytest.raises(Refused, match="allowed are Si, Rh, Pt, out"):
        check_plan(mv, bl.mirror.stripe, "Pb")


def test_the_command_line_takes_names(bl):
    from daq import plan_call
    from daq.check_plan import check_plan

    words = ["mirror.stripe", "Rh", "dcm.pair", "Si311", "filters.al_10", "in"]
    plan, args, kwargs = plan_call.call("mv", words, bl)
    seen = check_plan(plan, *args, **kwargs)
    assert seen.moves["dcm_exchange"].last == 40.0
    assert seen.moves["filters_al_10"].last == "in"
