import pytest

from beam.errors import OutOfReach
from devices.errors import MoveFailed


@pytest.fixture
def filters(bl):
    bl.energy.set(7112.0).wait(5)
    return bl.filters


def test_a_foil_goes_in_and_out(filters):
    filters.al_40.set("in").wait(5)
    assert filters.al_40.inserted
    assert filters.status_text == "in: al_40"
    assert filters.state.value == "INSERT"
    filters.al_40.set("out").wait(5)
    assert filters.status_text == "all out"
    with pytest.raises(OutOfReach, match=r"filters_al_40 'half': allowed are 'in' and 'out'"):
        filters.al_40.set("half")


def test_a_wanted_transmission_puts_the_nearest_foils_in(filters):
    filters.transmission.set(0.1).wait(5)
    assert filters.transmission.position == pytest.approx(0.1, rel=0.06)
    assert filters.transmission.locate()["setpoint"] == 0.1
    inserted = [key for key, foil in filters.foils.items() if foil.inserted]
    assert tuple(inserted) == filters.transmission.foil_set.best(0.1, 7112.0)
    filters.transmission.set(1.0).wait(5)
    assert filters.transmission.position == 1.0


def test_it_follows_the_energy(bl, filters):
    filters.transmission.set(0.1).wait(5)
    bl.energy.set(12_000.0).wait(5)
    assert filters.transmission.position > 0.5


@pytest.mark.parametrize("wanted", [0.0, -1.0, 1.2, float("nan")])
def test_what_no_foils_give_is_refused(filters, wanted):
    with pytest.raises(OutOfReach, match=r"filters_transmission .*: reaches .* … 1 at 7112 eV"):
        filters.transmission.set(wanted)


def test_a_foil_that_stays_away_fails_it(bl, filters):
    bl.fake.server.on_write["BL09U:FLT:Foil3"] = lambda value, done: done()
    with pytest.raises(MoveFailed, match="filters_al_40: asked to be in, it is Out"):
        filters.al_40.set("in").wait(5)


def test_readings_hold_states_and_transmission(filters):
    reading = filters.read()
    assert reading.keys() == filters.describe().keys()
    assert reading["filters_al_10"]["value"] == "Out"
    assert reading["filters_transmission"]["value"] == 1.0


def test_a_plan_is_checked_at_the_energy_that_it_goes_to(bl, filters):
    from bluesky.plan_stubs import mv

    from daq.check_plan import check_plan
    from daq.errors import Refused

    def plan(energy, wanted):
        yield from mv(bl.energy, energy)
        yield from mv(filters.transmission, wanted)

    seen = check_plan(plan, 7112.0, 1e-3)
    assert seen.whole
    assert seen.least_s > 0.4
    with pytest.raises(Refused, match="at 15000 eV"):
        check_plan(plan, 15_000.0, 1e-9)
