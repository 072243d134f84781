"""What goes into the beam comes out of the chain: measured spectra, scanned and exported as a user would."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize_scalar

from beam import facts
from beam.crystal import CrystalPair
from beam.xdi import read_xdi

pytestmark = pytest.mark.full  # the same chain with a model is test_run_scans.py

SPECTRA = Path(os.environ.get("TERASU_MEASURED_SPECTRA", "/nonexistent"))
ALWAYS = {"gypsum_rt_01.xdi": "S K"}
IN_FULL = {
    "Fe_Foil_rt_2016Foils.xdi": "Fe K",
    "Cu_Foil_rt_2016Foils.xdi": "Cu K",
    "Fe2O3_rt_01.xdi": "Fe K",
    "Fe3O4_rt_01.xdi": "Fe K",
    "FeO_rt_01.xdi": "Fe K",
    "Ni_metal_rt_01.xdi": "Ni K",
    "S_elemental_rt_01.xdi": "S K",
}
REGIONS = "-25:-10:3 -10:20:0.5 20:45:2"

CASES = [pytest.param(name, edge, id=name) for name, edge in ALWAYS.items()] + [
    pytest.param(name, edge, id=name, marks=pytest.mark.full) for name, edge in IN_FULL.items()
]


@pytest.mark.parametrize(("name", "edge"), CASES)
def test_the_measured_curve_comes_out_as_this_bandwidth_shows_it(name, edge, terasu, tmp_path):
    source = SPECTRA / name
    if not source.is_file():
        pytest.skip(f"{name}: left out, TERASU_MEASURED_SPECTRA names no folder that has it")
    answer = terasu.run(
        *("run", "bl09u", "xas", f"edge={edge}", f"regions={REGIONS}", "dwell_s=0.2", "--sim"),
        *("--sample", str(source), "--seed", "11", "--time-scale", "1000", "--export", str(tmp_path / "out.xdi")),
    )
    assert answer["exit_status"] == "success"
    out = read_xdi(tmp_path / "out.xdi")
    energy = out.columns["energy"]
    measured = np.log(out.columns["i0"] / out.columns["itrans"])
    assert len(energy) == answer["num_points"]

    rms_rel, shift_ev = compare(energy, measured, *ideal(source, float(np.median(energy))))

    assert rms_rel <= 0.01
    assert abs(shift_ev) <= 0.1


def ideal(source: Path, energy_ev: float):
    """The measured curve on a fine grid, convolved by the bandwidth that the configuration implies."""
    put_in = read_xdi(source)
    energy, i0 = put_in.columns["energy"], put_in.columns["i0"]
    curve = np.log(i0 / put_in.columns["itrans"]) if "itrans" in put_in.columns else put_in.columns["ifluor"] / i0
    _, beamline = facts.load("bl09u")
    dcm = beamline.devices["dcm"]
    fwhm_ev = CrystalPair(dcm).bandwidth_fwhm_ev(energy_ev)
    step_ev = 0.02
    grid = np.arange(energy[0], energy[-1], step_ev)
    sigma = fwhm_ev / (2 * np.sqrt(2 * np.log(2))) / step_ev
    return grid, gaussian_filter1d(np.interp(grid, energy, curve), sigma, mode="nearest")


def compare(energy, measured, grid, expected):
    """Return rms over the edge step after an affine map, and the energy shift that fits best."""

    def residual(shift):
        at = np.interp(energy + shift, grid, expected)
        design = np.column_stack([at, np.ones_like(at)])
        factors, *_ = np.linalg.lstsq(design, measured, rcond=None)
        return design @ factors - measured, factors[0]

    best = minimize_scalar(lambda shift: np.sum(residual(shift)[0] ** 2), bounds=(-1, 1), method="bounded")
    difference, factor = residual(0.0)
    step = factor * (expected[grid > energy[-1] - 10].mean() - expected[grid < energy[0] + 10].mean())
    return np.sqrt(np.mean(difference**2)) / abs(step), best.x
