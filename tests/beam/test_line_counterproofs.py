"""That nothing merely plays a file back: what the hardware does to the light shows in the counts."""

import math

import numpy as np
import pytest

from beam.inflection import first_inflection


def test_gap_detuned_at_fixed_bragg_angle_follows_the_undulator_line(bench):
    one = bench()
    one.go(7112.0, harmonic=3)
    undulator = one.line.undulator
    right = one.line.axes["undulator.gap"].position
    peak = one.i0_it()[0]
    current = one.line.ring.current_ma(one.line.clock.now())
    for detuned in (-60.0, -27.0, -10.0, 15.0, 27.0, 60.0):
        gap = undulator.gap_mm(7112.0 + detuned, 3)
        one.line.axes["undulator.gap"].move_to(gap)
        at = one.line.axes["undulator.gap"].true
        expected = undulator.spectral_flux(np.array([7112.0]), at, current)[0]
        expected /= undulator.spectral_flux(np.array([7112.0]), right, current)[0]
        assert one.i0_it()[0] / peak == pytest.approx(expected, rel=0.01)
    half = undulator.fwhm_ev(3, right) / 2
    one.line.axes["undulator.gap"].move_to(undulator.gap_mm(7112.0 + half, 3))
    assert one.i0_it()[0] / peak == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("energy_ev", [2472.0, 7112.0, 12000.0])
def test_pitch_by_half_the_rocking_width_halves_i0(bench, energy_ev):
    one = bench()
    one.go(energy_ev)
    peak = one.i0_it()[0]
    for side in (-0.5, 0.5):
        one.line.axes["dcm.pitch"].move_to(side * one.line.crystals.rocking_fwhm_urad(energy_ev))
        assert one.i0_it()[0] / peak == pytest.approx(0.5, rel=0.05)


def test_a_bragg_offset_shifts_the_edge_by_the_expected_energy(bench):
    energies = np.arange(7090.0, 7140.0, 0.25)
    ideal, off = bench("fe_foil"), bench("fe_foil", dcm_bragg=0.001)
    found = first_inflection(energies, ideal.absorption(energies, 3), 7112.0)
    shifted = first_inflection(energies, off.absorption(energies, 3), 7112.0)
    angle = ideal.line.crystals.bragg_deg(7112.0)
    # the beam sees an angle that is larger than the encoder's, an energy that is lower: the edge comes later
    expected = 7112.0 - ideal.line.crystals.energy_ev(angle + 0.001)
    assert expected == pytest.approx(0.429, abs=1e-3)
    assert shifted - found == pytest.approx(expected, abs=0.02)


def test_a_gap_offset_detunes_the_undulator(bench):
    ideal, off = bench(), bench(undulator_gap=0.03)
    for one in (ideal, off):
        one.go(7112.0, harmonic=3)
    assert off.line.axes["undulator.gap"].encoder == ideal.line.axes["undulator.gap"].encoder
    assert off.i0_it()[0] < 0.9 * ideal.i0_it()[0]


def test_the_third_order_passes_at_three_times_the_energy(bench):
    """60 µm of aluminium stop 2472 eV wholly and leave a third of 7416 eV."""
    one = bench("Al 60um")
    one.go(2472.0, harmonic=1)
    third = one.line.flux_ph_per_s(3)
    assert 1e-3 < third / one.line.flux_ph_per_s(1) < 0.1
    assert math.exp(-one.line.sample.mu_t(np.array([2472.0]))[0]) < 1e-6
    assert one.i0_it()[1] > 200
    # and it is gone with the gap at which the third harmonic is not at 7416 eV
    transmitted = one.line.transmission()
    assert transmitted[one.line.crystals.orders.index(3)] == pytest.approx(
        math.exp(-one.line.sample.mu_t(np.array([7416.0]))[0]), rel=1e-3
    )
    one.line.axes["undulator.gap"].move_to(one.line.undulator.gap_mm(2600.0, 1))
    assert one.i0_it()[1] < 10


def test_the_second_order_is_negligible(bench):
    one = bench()
    one.go(2472.0, harmonic=1)
    assert one.line.flux_ph_per_s(2) < 1e-9 * one.line.flux_ph_per_s(1)
    assert 2 not in one.line.crystals.orders


def test_detuned_crystals_reject_the_third_order(bench):
    one = bench("Al 60um")
    one.go(2472.0, harmonic=1)
    before = one.i0_it()[1]
    one.line.axes["dcm.pitch"].move_to(60.0)
    assert one.i0_it()[1] < 0.02 * before


@pytest.mark.parametrize("shutter", ["front_end", "shutter"])
def test_either_shutter_closed_gives_dark_counts(bench, shutter):
    one = bench()
    one.go(7112.0)
    assert np.all(one.i0_it() > 1e5)
    one.line.open[shutter] = False
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_no_ring_current_gives_dark_counts(bench, bl09u):
    from beam.ring import RingEvent, RingModel

    one = bench()
    one.go(7112.0)
    one.line.ring = RingModel(bl09u[0].ring, 1, [RingEvent(0.0, "dump")])
    assert one.count() == pytest.approx([500, 500], rel=0.1)


def test_no_sample_gives_a_flat_spectrum(bench):
    energies = np.arange(7050.0, 7250.0, 4.0)
    flat = bench("none").absorption(energies, 3)
    foil = bench("fe_foil").absorption(energies, 3)
    assert np.ptp(flat) < 0.005
    assert np.ptp(foil) > 1.5
    replaced = bench("fe_foil")
    replaced.line.sample = bench("none").line.sample
    assert np.ptp(replaced.absorption(energies, 3)) < 0.005


def test_a_wrong_exit_height_cuts_the_beam(bench):
    one = bench()
    one.go(7112.0)
    peak = one.i0_it()[0]
    perp = one.line.axes["dcm.perp"]
    perp.move_to(perp.position + 0.25 / math.cos(math.radians(one.line.crystals.bragg_deg(7112.0))))
    assert one.i0_it()[0] / peak == pytest.approx(0.5, rel=0.02)


def test_i0_follows_the_ring_current(bench, bl09u):
    from beam.ring import RingEvent, RingModel

    one = bench()
    one.go(7112.0)
    one.line.ring = RingModel(bl09u[0].ring, 1, [RingEvent(0.0, "topup_off")])
    start = one.line.clock.now()
    before = one.i0_it()[0]
    one.line.clock.advance(3600.0)
    after = one.i0_it()[0]
    elapsed = one.line.clock.now() - start - 1.0
    assert after / before == pytest.approx(math.exp(-elapsed / 36000), rel=1e-3)
