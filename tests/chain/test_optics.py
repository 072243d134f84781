"""Optics over the wire: what stands in the beam acts on the counts as its physics says."""

import pytest
from bluesky.plan_stubs import abs_set, mv, trigger

from beam import facts
from beam.slits import BeamProfile, gaussian_share
from devices.errors import NotPermitted

ENERGY_EV = 7200.0


def reading(acquire, *moves):
    """Move, count for 0.2 s, return the counts per second of I0 and It."""

    def plan():
        yield from mv(acquire.tree.counter.preset_time, 0.2)
        for device, value in moves:
            yield from mv(device, value)
        yield from trigger(acquire.tree.counter, wait=True)
        return {name: getattr(acquire.tree.counter, name).get() / 0.2 for name in ("i0", "it")}

    return acquire(plan())


@pytest.fixture
def light(acquire):
    """Light at 7200 eV with nothing in the beam; returns what the chambers count in the dark."""
    tree = acquire.tree
    acquire.put("BL09U:SIM:Sample", "none")
    if tree.ring.current.fetch().value < 390.0:
        acquire.put("BL09U:SIM:Advance", 600.0)
    acquire(mv(tree.energy.harmonic_choice, 0))
    dark = reading(acquire, (tree.shutter, "close"))
    reading(acquire, (tree.dcm.pitch, 0.0), (tree.energy, ENERGY_EV), (tree.front_end, "open"), (tree.shutter, "open"))
    yield dark
    acquire(mv(tree.shutter, "close"))
    acquire.put("BL09U:SIM:Sample", "fe_foil")


def test_slits_cut_the_beam_as_a_gaussian(acquire, light):
    slits = acquire.tree.slits
    facility, beamline = facts.load("bl09u")
    profile = BeamProfile(beamline.devices["undulator"], facility.ring)
    before = reading(acquire)["i0"] - light["i0"]
    narrow = reading(acquire, (slits.y_size, 0.3))["i0"] - light["i0"]
    off = reading(acquire, (slits.y_centre, 2.5))["i0"]
    acquire(mv(slits.y_centre, 0.0))
    with pytest.raises(NotPermitted, match="blades must not cross"):
        acquire(abs_set(slits.bottom, 0.5, wait=True))
    after = reading(acquire, (slits.y_size, 12.0))["i0"] - light["i0"]
    wide = (before + after) / 2  # the ring's current falls meanwhile, and the crystals' heat changes
    rms, mask = profile.rms_mm(ENERGY_EV, 44.0)[1], profile.mask(44.0)
    expected = gaussian_share(-0.15, 0.15, rms) / gaussian_share(mask.bottom, mask.top, rms)
    assert narrow / wide == pytest.approx(expected, rel=0.01)
    assert off == pytest.approx(light["i0"], rel=0.2)


def test_mirrors_reject_the_third_order(acquire, light):
    """At 2600 eV 100 µm of aluminium leave the third order alone; silicon at 6 mrad does not reflect it."""
    mirror = acquire.tree.mirror
    reading(acquire, (acquire.tree.energy, 2600.0))
    before = reading(acquire)["i0"] - light["i0"]
    acquire.put("BL09U:SIM:Sample", "Al 100um")
    third = reading(acquire)["it"] - light["it"]
    with_mirror = reading(acquire, (mirror.pitch, 6000.0), (mirror.stripe, "Si"))
    expected, rejected = mirror.reflects(2600.0), mirror.reflects(7800.0)
    acquire(mv(mirror.stripe, "out", mirror.pitch, 4000.0))
    assert (with_mirror["i0"] - light["i0"]) / before == pytest.approx(expected, rel=0.03)
    assert rejected < 0.01
    assert with_mirror["it"] - light["it"] < 0.1 * third


def test_filters_are_chosen_by_the_transmission(acquire, light):
    filters = acquire.tree.filters
    whole = reading(acquire)["i0"] - light["i0"]
    less = reading(acquire, (filters.transmission, 0.1))["i0"] - light["i0"]
    chosen = filters.transmission.position
    acquire(mv(filters.transmission, 1.0))
    assert chosen == pytest.approx(0.1, rel=0.1)
    assert less / whole == pytest.approx(chosen, rel=0.02)
    assert filters.status_text == "all out"


def test_aligned_slits_stand_where_a_turned_crystal_has_put_the_beam(acquire, light):
    """5 µrad of the second crystal lift the beam by 2 · 5 µrad · 14 m = 0.14 mm at the slits."""
    from plans import align

    tree = acquire.tree
    roles = {key: tree.roles[key] for key in ("detectors", "energy", "shutter", "front_end")}
    found = []
    for pitch in (0.0, 5.0):  # both, because the heat turns it, too
        acquire(mv(tree.dcm.pitch, pitch, tree.slits.y_size, 0.1))
        acquire(align(tree.slits.y_centre, -1.2, 1.2, 25, dwell_s=0.05, **roles))
        found.append(tree.slits.y_centre.position)
        acquire(mv(tree.slits.y_centre, 0.0))
    acquire(mv(tree.slits.y_size, 12.0, tree.dcm.pitch, 0.0))
    assert found[1] - found[0] == pytest.approx(0.14, abs=0.01)


def test_the_edges_of_the_table_s_window_are_found(acquire, light):
    from plans import align

    tree = acquire.tree
    roles = {key: tree.roles[key] for key in ("detectors", "energy", "shutter", "front_end")}
    acquire(align(tree.table.y, 5.0, 9.0, 21, signal="it", find="edge", dwell_s=0.05, **roles))
    found = tree.table.y.position
    acquire(mv(tree.table.y, 0.0))
    assert found == pytest.approx(7.0, abs=0.05)


def test_a_valve_that_trips_takes_the_light_and_says_so(acquire, light, simulation):
    valve = acquire.tree.valve
    bright = reading(acquire)["i0"]
    simulation.faults.set("valve_trip", "valve")
    try:
        tripped = reading(acquire)["i0"]
        said = valve.init().text
    finally:
        simulation.faults.clear("valve_trip")
        acquire.put("BL09U:GV1:Reset", 1)
        acquire.put("BL09U:GV1:Open", 1)
    assert tripped == pytest.approx(light["i0"], rel=0.2)
    assert said in ("closing; tripped, to be reset", "closed; tripped, to be reset")
    assert reading(acquire)["i0"] == pytest.approx(bright, rel=0.02)
