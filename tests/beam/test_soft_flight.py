"""What the detectors of a soft X-ray line see on the fly is what they see standing still; and the energies of rows."""

import numpy as np
import pytest

from beam import facts, grating
from beam.flight import FlyingLight, GateNoise
from beam.polarisation import CIRCULAR_PLUS
from ioc_sim.gates.energies import shown_and_demanded
from tests.beam.soft_bench import SoftBench

UNIT = facts.load("bl13u")[1].devices["flyer"]
AXES = ("pgm.mirror", "pgm.grating", "undulator.gap", "undulator.phase1", "undulator.phase2")


@pytest.fixture
def bench(film):
    made = SoftBench(*facts.load("bl13u"), film)
    made.move(magnet=2.0)
    return made


def way_of(bench, energies):
    """Return where the axes are at each energy."""
    places = []
    for one in energies:
        bench.go(one, CIRCULAR_PLUS)
        places.append([bench.line.axes[key].position for key in AXES])
    return dict(zip(AXES, np.array(places).T, strict=True))


def read(bench, moments, number, dwell_s=0.5):
    """Return what a detector counts at a gate without noise."""
    detector = bench.line.latched_on("counter")[number]
    counts, _ = detector.read_many(
        bench.line.ring.current_ma(0.0) * moments[None, :],
        gain_v_per_a=bench.line.gain_v_per_a.get(detector.name, 0.0),
        gate_s=np.array([dwell_s]),
        normal=np.zeros((1, 2)),
        uniform=np.full(1, 0.5),
    )
    return detector, counts[0]


def test_gates_count_as_exposures_do(bench):
    energies = np.arange(704.0, 710.0, 0.4)
    way = way_of(bench, energies)
    light = FlyingLight(bench.line.apart(), "counter", way).at(0, len(energies))
    assert [one.name for one in bench.line.latched_on("counter")] == ["i0", "tey", "fluorescence", "diode"]
    for gate in (0, 7, 14):
        bench.go(energies[gate], CIRCULAR_PLUS)
        counts = bench.line.expose("counter", 0.5).counts
        for number in range(4):
            detector, flown = read(bench, light[gate, number], number)
            expected = counts[detector.facts.channel]
            assert flown == pytest.approx(expected, rel=0.005, abs=5 * np.sqrt(expected)), detector.name


def test_a_copy_leaves_the_line_alone(bench):
    bench.go(706.0, CIRCULAR_PLUS)
    apart = bench.line.apart()
    apart.axes["pgm.grating"].put(1.0)
    apart.axes["undulator.gap"].put(100.0)
    assert bench.line.energy_ev() == pytest.approx(706.0, abs=0.01)
    assert apart.energy_ev() != bench.line.energy_ev()
    assert apart.first_harmonic_ev() != bench.line.first_harmonic_ev()


def test_pulses_of_a_gate_scatter_as_poissons(bench):
    fluorescence = bench.line.latched_on("counter")[2]
    normal, uniform = GateNoise(1, "x").of(0, 20_000)
    moments = np.zeros((20_000, 3))
    for rate, gate_s in ((15.0, 0.5), (995.0, 0.5)):
        moments[:, 2] = rate
        counts, over = fluorescence.read_many(
            moments, gain_v_per_a=0.0, gate_s=np.full(20_000, gate_s), normal=normal, uniform=uniform
        )
        expected = (rate + fluorescence.facts.background_hz) * gate_s
        assert np.mean(counts) == pytest.approx(expected, rel=0.01)
        assert np.var(counts) == pytest.approx(expected, rel=0.05)
        assert not over.any()


def test_rows_have_the_energies_of_the_angles(bench):
    energies = np.arange(690.0, 720.0, 5.0)
    way = way_of(bench, energies)
    zeros, off = np.zeros(len(energies)), np.full(len(energies), 1e-3)
    places = {key: (one, zeros) for key, one in way.items()}
    spacing = grating.ANGSTROM_PER_MM / 1200.0
    given = {"spacing_a": spacing, "offset_deg": 0.0, "mirror_offset_deg": 0.0}
    shown, demanded = shown_and_demanded(UNIT, places, **given)
    np.testing.assert_allclose(shown, energies, atol=1e-6)
    np.testing.assert_array_equal(demanded, shown)
    places["pgm.grating"] = way["pgm.grating"] - off, off
    moved, demanded = shown_and_demanded(UNIT, places, **given)
    np.testing.assert_allclose(demanded, energies, atol=1e-6)
    assert np.all(np.abs(moved - energies) > 0.1)
    # what encoders do not show, the client has put
    np.testing.assert_allclose(shown_and_demanded(UNIT, places, **given | {"offset_deg": 1e-3})[0], energies, atol=1e-6)
    assert np.isnan(shown_and_demanded(UNIT, places, **given | {"spacing_a": 0.0})[0]).all()
    for one, angles in zip(energies, np.array([way["pgm.mirror"], way["pgm.grating"]]).T, strict=True):
        at = grating.angles_of(grating.Motors(*angles))
        assert grating.energy_ev(at, 1200.0) == pytest.approx(one)
