import numpy as np
import pytest

from beam.detector import IonChamber
from beam.errors import OutOfReach


@pytest.fixture(scope="module")
def facts_of_i0(bl09u):
    return bl09u[1].devices["i0"]


def _read(chamber, flux, index=0, dwell_s=1.0, gain=None):
    responses = [chamber.response(7112.0)] if flux is not None else []
    fluxes = [flux] if flux is not None else []
    return chamber.read(
        fluxes, responses, gain_v_per_a=gain or chamber.facts.gain_v_per_a, dwell_s=dwell_s, index=index
    )


def test_counts_follow_the_current(facts_of_i0):
    chamber = IonChamber("i0", facts_of_i0, seed=1)
    flux = 1e13
    volts = flux * chamber.response(7112.0).charge_c * facts_of_i0.gain_v_per_a
    expected = (volts + facts_of_i0.dark_v) * facts_of_i0.frequency_hz_per_v
    assert _read(chamber, flux).counts == pytest.approx(expected, rel=1e-3)
    assert _read(chamber, flux, dwell_s=0.1).counts == pytest.approx(expected / 10, rel=1e-3)


def test_no_light_gives_dark_counts_and_no_time_none(facts_of_i0):
    chamber = IonChamber("i0", facts_of_i0, seed=1)
    dark = facts_of_i0.dark_v * facts_of_i0.frequency_hz_per_v
    assert _read(chamber, None).counts == pytest.approx(dark, rel=0.1)
    assert _read(chamber, 0.0).counts == pytest.approx(dark, rel=0.1)
    assert _read(chamber, 1e13, dwell_s=0.0).counts == 0


def test_full_scale_saturates_and_says_so(facts_of_i0):
    chamber = IonChamber("i0", facts_of_i0, seed=1)
    reading = _read(chamber, 1e13, gain=1e9)
    assert reading.overloaded
    assert reading.counts == facts_of_i0.full_scale_v * facts_of_i0.frequency_hz_per_v
    assert not _read(chamber, 1e13).overloaded


def test_noise_depends_on_seed_name_and_index_alone(facts_of_i0):
    one, same = IonChamber("i0", facts_of_i0, seed=1), IonChamber("i0", facts_of_i0, seed=1)
    forward = [_read(one, 1e13, index).counts for index in range(20)]
    backward = [_read(same, 1e13, index).counts for index in reversed(range(20))]
    assert forward == backward[::-1]
    assert len(set(forward)) > 10
    assert forward != [_read(IonChamber("i0", facts_of_i0, seed=2), 1e13, index).counts for index in range(20)]
    assert forward != [_read(IonChamber("it", facts_of_i0, seed=1), 1e13, index).counts for index in range(20)]


@pytest.mark.parametrize("flux", [3e5, 3e9])
def test_photon_noise_is_that_of_the_photons_that_ionise(facts_of_i0, flux):
    quiet = facts_of_i0.model_copy(update={"noise_v_per_rt_hz": 0.0, "dark_v": 0.0})
    chamber = IonChamber("i0", quiet, seed=1)
    # so much gain that the rounding to counts does not matter
    gain = 5.0 / (flux * chamber.response(7112.0).charge_c)
    counts = np.array([_read(chamber, flux, index, gain=gain).counts for index in range(3000)])
    quanta = flux * chamber.response(7112.0).ionising
    assert np.std(counts) / np.mean(counts) == pytest.approx(quanta**-0.5, rel=0.06)
    assert np.mean(counts) == pytest.approx(5e6, rel=5 * (quanta * 3000) ** -0.5)


def test_amplifier_noise_averages_out_with_time(facts_of_i0):
    loud = facts_of_i0.model_copy(update={"noise_v_per_rt_hz": 1e-3, "dark_v": 1.0})
    chamber = IonChamber("i0", loud, seed=1)
    short = np.std([_read(chamber, None, index, dwell_s=0.01).counts / 0.01 for index in range(2000)])
    long = np.std([_read(chamber, None, index, dwell_s=1.0).counts for index in range(2000)])
    assert short / long == pytest.approx(10, rel=0.1)
    assert long == pytest.approx(1e-3 * 0.5**0.5 * 1e6, rel=0.06)


def test_counts_are_read_as_photons_per_second(facts_of_i0):
    """Against xraydb.ionchamber_fluxes: 10 cm of nitrogen, 1 µA at 8048 eV are 1.6067e11 photons/s."""
    facts = facts_of_i0.model_copy(update={"gas": {"nitrogen": 1.0}, "length_mm": 100.0})
    chamber = IonChamber("i0", facts)
    counts = (1e-6 * 1e6 + facts.dark_v) * facts.frequency_hz_per_v * 2.0
    assert chamber.photons_per_s(counts, 2.0, 8048.0, 1e6) == pytest.approx(1.6067e11, rel=2e-3)


def test_light_comes_back_as_it_went_in(facts_of_i0):
    chamber = IonChamber("i0", facts_of_i0, seed=1)
    counts = _read(chamber, 1e13, dwell_s=0.5).counts
    assert chamber.photons_per_s(counts, 0.5, 7112.0, facts_of_i0.gain_v_per_a) == pytest.approx(1e13, rel=1e-3)


@pytest.mark.parametrize(("seconds", "gain"), [(0.0, 1e6), (1.0, 0.0), (-1.0, 1e6)])
def test_no_time_and_no_gain_give_no_photons(facts_of_i0, seconds, gain):
    with pytest.raises(OutOfReach, match="more than 0"):
        IonChamber("i0", facts_of_i0).photons_per_s(100, seconds, 7112.0, gain)
