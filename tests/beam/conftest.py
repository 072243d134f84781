import os
from pathlib import Path

import numpy as np
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.line import Line
from beam.sample import load_sample
from beam.xmcd import magnetic_film
from tests.beam.soft_bench import SoftBench

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="session")
def config():
    return CONFIG


@pytest.fixture(scope="session")
def bl09u():
    return facts.load("bl09u", CONFIG)


class Bench:
    """A line with what a plan would do by hand: go to an energy, open, count, subtract the dark counts."""

    def __init__(self, facility, beamline, sample, seed=1, **offsets):
        sim = facts.Simulation(offsets={key.replace("_", ".", 1): value for key, value in offsets.items()})
        # nothing drifts or shakes here: what does, has tests of its own
        dcm = beamline.devices["dcm"].model_copy(update={"heat_load": None})
        ring = facility.ring.model_copy(update={"orbit_rms_urad": 0.0})
        facility = facility.model_copy(update={"ring": ring})
        beamline = beamline.model_copy(update={"sim": sim, "devices": {**beamline.devices, "dcm": dcm}})
        self.line = Line(facility, beamline, sample, seed=seed, clock=ExperimentClock())
        self.dark = self.count(100.0)
        for shutter in self.line.open:
            self.line.open[shutter] = True

    def go(self, energy_ev, harmonic=None):
        line = self.line
        harmonic = harmonic or line.undulator.best_harmonic(energy_ev)
        bragg = line.crystals.bragg_deg(energy_ev)
        line.axes["undulator.gap"].move_to(line.undulator.gap_mm(energy_ev, harmonic))
        line.axes["dcm.bragg"].move_to(bragg)
        line.axes["dcm.perp"].move_to(line.crystals.perp_mm(bragg))

    def count(self, dwell_s=1.0):
        """Return counts per second of I0 and It."""
        counts = self.line.expose("counter", dwell_s).counts
        return np.array([counts[2], counts[3]]) / dwell_s

    def i0_it(self, dwell_s=1.0):
        return self.count(dwell_s) - self.dark

    def absorption(self, energies_ev, harmonic=None, dwell_s=1.0):
        """ln(I0/It) over the energies."""
        found = []
        for energy in energies_ev:
            self.go(float(energy), harmonic)
            i0, it = self.i0_it(dwell_s)
            found.append(np.log(i0 / it))
        return np.array(found)


@pytest.fixture
def bench(bl09u, config):
    def make(sample="none", seed=1, **offsets):
        return Bench(*bl09u, load_sample(str(sample), config), seed, **offsets)

    return make


@pytest.fixture(scope="session")
def bl13u(config):
    return facts.load("bl13u", config)


@pytest.fixture(scope="session")
def film(config):
    return magnetic_film(config / "samples" / "fe_film.toml", seed=3)


@pytest.fixture
def soft_bench(bl13u, film):
    def make(sample=film, seed=1, **offsets):
        return SoftBench(*bl13u, sample, seed, **offsets)

    return make


@pytest.fixture(scope="session")
def spectrum():
    """Path of a measured spectrum; a test that asks for one is skipped, saying which, where they are not at hand."""
    folder = os.environ.get("TERASU_MEASURED_SPECTRA")

    def find(name):
        if not folder:
            pytest.skip(f"TERASU_MEASURED_SPECTRA is not set: left out the measured spectrum {name}")
        path = Path(folder) / name
        if not path.is_file():
            pytest.skip(f"TERASU_MEASURED_SPECTRA={folder} has no {name}: left it out")
        return path

    return find


HEADER = """# XDI/1.0 made for a test
# Column.1: energy eV
# Column.2: i0
# Column.3: itrans
# Element.symbol: Fe
# Element.edge: K
# Sample.formula: Fe
# ///
# a comment
#-------------
# energy i0 itrans
"""


@pytest.fixture
def xdi_header():
    return HEADER


@pytest.fixture
def write_xdi(tmp_path):
    """Write an XDI file of (energy, i0, itrans) rows, or of lines as given."""

    def write(rows, header=HEADER, name="made.xdi"):
        path = tmp_path / name
        lines = [row if isinstance(row, str) else "  ".join(f"{value:.6f}" for value in row) for row in rows]
        path.write_text(header + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def iron_rows():
    """Make a plausible Fe K edge: 7000 … 7400 eV."""
    energies = np.concatenate([np.arange(7000, 7100, 5.0), np.arange(7100, 7130, 0.5), np.arange(7130, 7400, 2.0)])
    absorption = 0.3 + 1.5 * (0.5 + np.arctan((energies - 7112) / 1.0) / np.pi)
    return [(e, 1e5, 1e5 * np.exp(-a)) for e, a in zip(energies, absorption, strict=True)]
