"""What is written for any beamline, at one with soft X-rays: a spectrum by electron yield, a calibration."""

import json

import h5py
import numpy as np
import pytest

from beam import facts
from beam.xmcd import magnetic_film
from daq.export import export
from daq.export.run_data import RunData
from daq.export.spectrum import Spectrum
from plans import calibrate_energy, xas
from plans.regions import BadRegion
from tests.plans.soft_light import Lit


@pytest.fixture
def of_spectra(bl13u):
    Lit(bl13u, magnetic_film(facts.config_dir() / "samples/fe_film.toml", seed=1))
    return {role: bl13u.roles[role] for role in ("energy", "detectors", "shutter", "front_end", "ring")}


def test_a_spectrum_by_electron_yield(engine, docs, of_spectra, tmp_path):
    engine(xas("Fe L3", regions="-20:-4:4 -4:4:1 4:20:4", dwell_s=0.2, **of_spectra))
    run = RunData.from_documents(json.loads(json.dumps(list(docs))))
    found = Spectrum.of(run)
    assert found.mode.words == "electron yield"
    assert found.energy_ev[np.argmax(found.mu)] == pytest.approx(706.8, abs=0.6)
    assert found.mu.max() > 10 * found.mu[0] > 0
    with h5py.File(export(run, tmp_path / "film.nxs")) as file:
        assert file["entry/definition"].asstr()[()] == "NXxas"
        assert file["entry/data/mode"].asstr()[()] == "Total Electron Yield"


def test_a_white_line_calibrates_the_grating(engine, docs, bl13u, of_spectra):
    kept = []

    async def keep(msg):
        kept.append(msg)

    engine.register_command("setting", keep)
    with pytest.raises(BadRegion, match="allowed are inflection, peak"):
        next(calibrate_energy("Fe L3", feature="middle", **of_spectra))
    wrong_deg = 0.0016  # 0.3 eV
    bl13u.pgm.grating_offset_deg = wrong_deg
    engine(calibrate_energy("Fe L3", reference_ev=706.8, step_ev=1.0, dwell_s=0.2, feature="peak", **of_spectra))
    (msg,) = kept
    assert msg.obj is bl13u.pgm
    assert msg.kwargs["grating_offset_deg"] == pytest.approx(0.0, abs=0.2 * wrong_deg)
