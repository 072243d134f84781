import pytest

from beam.errors import OutOfReach


def test_the_energy_is_that_of_the_crystals_in_the_beam(bl):
    bl.energy.set(7112.0).wait(5)
    bragg = bl.dcm.bragg.position
    bl.dcm.pair.set("Si311").wait(5)
    assert bl.dcm.bragg.position == bragg
    assert bl.energy.position == pytest.approx(7112.0 * (11 / 3) ** 0.5, rel=1e-6)
    assert bl.energy.locate()["setpoint"] == bl.energy.position
    bl.energy.set(9000.0).wait(5)
    assert bl.energy.position == pytest.approx(9000.0, abs=1e-3)
    assert bl.dcm.bragg.position > bragg
    assert bl.dcm.read()["dcm_pair"]["value"] == "Si311"


def test_the_range_is_that_of_the_crystals_in_the_beam(bl):
    assert bl.energy.limits == (2100, 15000)
    bl.dcm.pair.set("Si311").wait(5)
    with pytest.raises(OutOfReach, match=r"energy 3000 eV: Si\(311\) reaches 3920 … 15000 eV"):
        bl.energy.set(3000.0)


def test_between_the_pairs_no_energy_can_be_set(bl):
    bl.dcm.exchange.set(20.0).wait(5)
    with pytest.raises(
        OutOfReach, match=r"no crystals in the beam, dcm_exchange is at 20 mm; dcm_pair may be Si111, Si311"
    ):
        bl.energy.set(7112.0)


def test_a_measured_spacing_counts_for_all_pairs(bl):
    bl.dcm.d_angstrom *= 1.0001
    nominal = bl.dcm.spacing_at(40.0) / 1.0001
    assert nominal == pytest.approx(1.63751, abs=1e-5)


def test_a_plan_is_checked_with_the_crystals_that_will_be_there(bl):
    from bluesky.plan_stubs import mv

    from daq.check_plan import check_plan
    from daq.errors import Refused

    def plan(pair, energy):
        yield from mv(bl.dcm.pair, pair)
        yield from mv(bl.energy, energy)

    seen = check_plan(plan, "Si311", 9000.0)
    assert seen.moves["dcm_bragg"].last == pytest.approx(24.879, abs=0.01)
    assert check_plan(plan, "Si111", 3000.0).whole
    with pytest.raises(Refused, match=r"Si\(311\) reaches"):
        check_plan(plan, "Si311", 3000.0)
