"""Nothing merely plays the sample back: each part of the line shows its own physics through the whole chain."""

import numpy as np
import pytest
from bluesky.plan_stubs import abs_set, mv, trigger
from bluesky.utils import Msg

from beam import facts
from beam.crystal import CrystalPair
from beam.undulator import PlanarUndulator

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
def lit(acquire):
    """Light at 7200 eV, and everything back in place afterwards."""
    tree = acquire.tree
    # whatever tests before this one did to the ring, or left chosen
    if tree.ring.current.fetch().value < 390.0:
        acquire.put("BL09U:SIM:Advance", 600.0)
    assert tree.ring.current.fetch().value > 390.0
    acquire(mv(tree.energy.harmonic_choice, 0))
    dark = reading(acquire, (tree.shutter, "close"))
    reading(acquire, (tree.dcm.pitch, 0.0), (tree.energy, ENERGY_EV), (tree.front_end, "open"), (tree.shutter, "open"))
    yield {"dark": dark}
    acquire(mv(tree.dcm.pitch, 0.0, tree.shutter, "close"))
    acquire.put("BL09U:SIM:Sample", "fe_foil")


def test_a_closed_shutter_leaves_the_dark_current(acquire, lit):
    open_counts = reading(acquire)
    closed = reading(acquire, (acquire.tree.shutter, "close"))
    assert open_counts["i0"] > 100 * closed["i0"]
    assert closed["i0"] == pytest.approx(lit["dark"]["i0"], rel=0.2)
    assert closed["it"] == pytest.approx(lit["dark"]["it"], rel=0.2)


def test_the_gap_detuned_at_a_fixed_bragg_angle_follows_the_undulators_line(acquire, lit):
    facility, beamline = facts.load("bl09u")
    undulator = PlanarUndulator(beamline.devices["undulator"], facility.ring)
    tree = acquire.tree
    tuned = tree.undulator.gap.position
    gaps = tuned + np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    counts = []
    for gap in gaps:
        counts.append(reading(acquire, (tree.undulator.gap, float(gap)))["i0"] - lit["dark"]["i0"])
    light = [float(undulator.spectral_flux(np.array([ENERGY_EV]), float(gap), 400.0)[0]) for gap in gaps]
    assert counts[0] < 0.9 * counts[2]
    assert np.array(counts) / counts[2] == pytest.approx(np.array(light) / light[2], rel=0.03)


def test_the_pitch_off_by_half_the_rocking_curves_width_halves_the_light(acquire, lit):
    _, beamline = facts.load("bl09u")
    half = 0.5 * CrystalPair(beamline.devices["dcm"]).rocking_fwhm_urad(ENERGY_EV)
    peak = reading(acquire)["i0"] - lit["dark"]["i0"]
    counts = [reading(acquire, (acquire.tree.dcm.pitch, pitch))["i0"] - lit["dark"]["i0"] for pitch in (-half, half)]
    # what the crystals have drifted by adds on one side what it takes on the other
    assert sum(counts) / 2 / peak == pytest.approx(0.5, abs=0.025)
    assert min(counts) / peak > 0.4


def test_without_a_sample_the_ratio_is_flat(acquire, lit):
    tree = acquire.tree
    acquire.put("BL09U:SIM:Sample", "none")
    ratios = []
    for energy in np.linspace(7080.0, 7150.0, 8):
        counts = reading(acquire, (tree.energy, float(energy)))
        ratios.append(np.log((counts["i0"] - lit["dark"]["i0"]) / (counts["it"] - lit["dark"]["it"])))
    slope, level = np.polyfit(np.linspace(-1, 1, 8), ratios, 1)
    assert np.abs(np.array(ratios) - level - slope * np.linspace(-1, 1, 8)).max() < 2e-3
    assert abs(slope) < 0.05


def test_the_third_order_passes_where_the_first_is_absorbed(acquire, lit):
    """At 2600 eV 100 µm of aluminium stop the first order; what still counts behind it is Si(333) at 7800 eV."""
    tree = acquire.tree
    reading(acquire, (tree.energy, 2600.0))
    acquire.put("BL09U:SIM:Sample", "Al 100um")
    behind = reading(acquire)["it"] - lit["dark"]["it"]
    assert behind > 10 * np.sqrt(lit["dark"]["it"])
    # 300 urad off in pitch neither order passes; a third of that and the narrow third order is gone first
    _, beamline = facts.load("bl09u")
    narrow = CrystalPair(beamline.devices["dcm"]).rocking_fwhm_urad(2600.0, 3)
    off = reading(acquire, (tree.dcm.pitch, 2.0 * narrow))["it"] - lit["dark"]["it"]
    assert off < 0.1 * behind


def test_every_recorded_reading_is_newer_than_its_trigger(acquire, lit):
    """The server's own count of exposures, read with each point, grows by one a point and never lags."""
    counter = acquire.tree.counter

    def plan():
        yield from mv(counter.preset_time, 0.0)
        numbers = []
        for _ in range(300):
            yield Msg("trigger", counter, group="t")
            yield Msg("wait", None, group="t")
            numbers.append(int(counter.exposures.get()))
        return numbers

    numbers = acquire(plan())
    assert np.diff(numbers).tolist() == [1] * 299


def test_an_energy_out_of_reach_moves_nothing(acquire, lit):
    from beam.errors import OutOfReach

    before = acquire.tree.dcm.bragg.position
    with pytest.raises(OutOfReach, match=r"energy 1500 eV.*2100 … 15000 eV"):
        acquire(abs_set(acquire.tree.energy, 1500.0, wait=True))
    assert acquire.tree.dcm.bragg.position == before
