"""What counters see on the fly is what they see standing still."""

from pathlib import Path

import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.crystal import energies_ev, energy_ev
from beam.flight import FlyingLight, GateNoise, nodes_of
from beam.line import Line
from beam.sample import load_sample


@pytest.fixture(scope="module")
def line():
    facility, beamline = facts.load("bl09u")
    made = Line(facility, beamline, load_sample("fe_foil", Path("config")), seed=3, clock=ExperimentClock())
    for shutter in made.open:
        made.open[shutter] = True
    return made


def test_nodes_lie_a_grain_apart():
    way = {"x": np.linspace(0, 1, 100_001)}
    nodes = nodes_of(way, {"x": 0.002})
    assert len(nodes) == pytest.approx(51, abs=1)
    assert (nodes[0], nodes[-1]) == (0, 100_000)


def test_a_copy_leaves_the_line_alone(line):
    apart = line.apart()
    apart.axes["dcm.bragg"].put(20.0)
    apart.axes["sample_stage.x"].put(5.0)
    assert line.axes["dcm.bragg"].position != 20.0
    assert apart.energy_ev() != line.energy_ev()
    assert apart.share_on_sample() < line.share_on_sample()


def test_gates_count_as_exposures_do(line):
    place = np.linspace(-2.4, -1.6, 41)  # over the sample's edge
    dwell, current = 0.5, line.ring.current_ma(0.0)
    light = FlyingLight(line.apart(), "counter", {"sample_stage.x": place})
    moments = light.at(0, 41)
    chambers = line.latched_on("counter")
    for gate in (0, 20, 21, 40):
        line.axes["sample_stage.x"].move_to(place[gate])
        counts = line.expose("counter", dwell).counts
        for number, chamber in enumerate(chambers):
            flown, _ = chamber.read_many(
                current * moments[[gate], number],
                gain_v_per_a=line.gain_v_per_a[chamber.name],
                gate_s=np.array([dwell]),
                normal=np.zeros((1, 2)),
                uniform=np.full(1, 0.5),
            )
            assert flown[0] == pytest.approx(counts[chamber.facts.channel], rel=0.005, abs=15)


def test_a_flight_in_pieces_is_the_same_flight(line):
    way = {"sample_stage.x": np.linspace(-3, 5, 500)}
    whole = FlyingLight(line.apart(), "counter", way).at(0, 500)
    pieces = FlyingLight(line.apart(), "counter", way)
    np.testing.assert_array_equal(np.concatenate([pieces.at(0, 7), pieces.at(7, 300), pieces.at(307, 193)]), whole)


def test_noise_depends_on_the_gate_alone():
    normal, uniform = GateNoise(5, "i0").of(0, 1000)
    piece, other = GateNoise(5, "i0").of(250, 20)
    np.testing.assert_array_equal(piece, normal[250:270])
    np.testing.assert_array_equal(other, uniform[250:270])
    assert not np.array_equal(GateNoise(6, "i0").of(0, 10)[0], normal[:10])


def test_noise_of_many_gates_is_that_of_light_and_amplifier(line):
    i0 = line.latched_on("counter")[0]
    moments = np.repeat(np.array([[1e-9, 1e-9**2 / 1e4, 1e4]]), 20_000, axis=0)  # 10 000 photons a second
    normal, uniform = GateNoise(1, "x").of(0, 20_000)
    options = {"gain_v_per_a": 1e9, "normal": normal, "uniform": uniform}
    counts, over = i0.read_many(moments, gate_s=np.full(20_000, 0.1), **options)
    assert not over.any()
    assert np.std(counts) / np.mean(counts) == pytest.approx(1 / np.sqrt(1000), rel=0.03)
    few, _ = i0.read_many(moments, gate_s=np.full(20_000, 1e-3), **options)  # ten photons: Poisson's
    assert np.mean(few) == pytest.approx(np.mean(counts) / 100, rel=0.02)
    assert np.std(few) / np.mean(few) == pytest.approx(1 / np.sqrt(10), rel=0.1)
    assert np.mean((few - few.mean()) ** 3) > 0
    _, over = i0.read_many(1e4 * moments, gate_s=np.full(20_000, 0.1), **options)
    assert over.all()


def test_energies_of_many_angles(line):
    angles = np.array([5.0, 16.0, 60.0])
    found = energies_ev(angles, line.crystals.d_angstrom)
    np.testing.assert_allclose(found, [energy_ev(one, line.crystals.d_angstrom) for one in angles])
    assert np.isnan(energies_ev(np.array([-1.0, 91.0]), 3.1)).all()
