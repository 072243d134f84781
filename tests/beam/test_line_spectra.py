"""An ideal energy scan through the line gives a measured spectrum back, blurred by the bandwidth."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from beam.constants import FWHM_PER_SIGMA
from beam.xdi import read_xdi

SPECTRA = [
    "Cu_Foil_rt_2016Foils.xdi",
    "Fe2O3_rt_01.xdi",
    "Fe3O4_rt_01.xdi",
    "FeO_rt_01.xdi",
    "Fe_Foil_rt_2016Foils.xdi",
    "Ni_metal_rt_01.xdi",
    "S_elemental_rt_01.xdi",
    "gypsum_rt_01.xdi",
]


@pytest.mark.parametrize("name", SPECTRA)
def test_a_scan_gives_the_measured_spectrum_convolved_by_the_bandwidth(bench, spectrum, name):
    path = spectrum(name)
    file = read_xdi(path)
    energies, i0 = file.columns["energy"], file.columns["i0"]
    curve = np.log(i0 / file.columns["itrans"]) if "itrans" in file.columns else file.columns["ifluor"] / i0
    one = bench(path)
    crystals = one.line.crystals
    points = energies[(energies > energies[0] + 3) & (energies < energies[-1] - 3)]
    found = one.absorption(points)
    nodes = np.linspace(-4, 4, 81)
    weights = np.exp(-0.5 * nodes**2) / np.sum(np.exp(-0.5 * nodes**2))
    sigma = np.array([crystals.bandwidth_fwhm_ev(float(energy)) for energy in points]) / FWHM_PER_SIGMA

    def residual(shift_ev):
        at = (points - shift_ev)[:, np.newaxis] + sigma[:, np.newaxis] * nodes
        expected = np.interp(at, energies, curve) @ weights
        design = np.stack([expected, np.ones_like(expected)], axis=1)
        solution = np.linalg.lstsq(design, found)[0]
        return solution[0], design @ solution - found

    slope, rest = residual(0.0)
    assert slope > 0
    if "itrans" in file.columns:
        assert slope == pytest.approx(1.0, abs=0.02)
    assert np.sqrt(np.mean(rest**2)) <= 0.01 * one.line.sample.edge_step
    best = minimize_scalar(lambda shift: np.sum(residual(shift)[1] ** 2), bounds=(-1, 1), method="bounded")
    assert abs(best.x) <= 0.1
    # the bandwidth is really there: without it the fit is worse
    unblurred = np.stack([np.interp(points, energies, curve), np.ones_like(points)], axis=1)
    plain = unblurred @ np.linalg.lstsq(unblurred, found)[0] - found
    assert np.sum(rest**2) < np.sum(plain**2)
