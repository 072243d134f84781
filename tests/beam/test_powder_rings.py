"""Powder rings: where they are, how strong, and that a picture integrated over azimuth gives them back."""

import math
from importlib import import_module

import numpy as np
import pytest

from beam.frames import SceneFrames
from beam.powder import planes, rings
from beam.ring_pattern import Beam, RingScene

COPPER_EV = 12_398.4198 / 1.5406


@pytest.fixture(scope="module")
def camera(bl09u):
    return bl09u[1].devices["camera"]


def test_rings_of_lanthanum_hexaboride_are_where_others_have_them():
    # pyFAI's calibrant at 1.5406 Å
    found = [ring.two_theta_deg for ring in rings("LaB6", COPPER_EV, 45.0)]
    assert found == pytest.approx([21.3584, 30.3855, 37.4427, 43.5076], abs=2e-4)


def test_rings_of_ceria_are_those_of_its_powder_diffraction_file():
    # ICDD 34-394: CeO2, 2θ and I/I0 at Cu Kα1
    found = {ring.hkl: ring for ring in rings("CeO2", COPPER_EV, 60.0)}
    assert list(found) == [(1, 1, 1), (2, 0, 0), (2, 2, 0), (3, 1, 1), (2, 2, 2)]
    for hkl, angle in (((1, 1, 1), 28.554), ((2, 0, 0), 33.081), ((2, 2, 0), 47.478), ((3, 1, 1), 56.334)):
        assert found[hkl].two_theta_deg == pytest.approx(angle, abs=0.012)

    def seen(hkl):
        """As a diffractometer with an unpolarised source sees it."""
        ring = found[hkl]
        return ring.strength * (1 + math.cos(math.radians(ring.two_theta_deg)) ** 2)

    for hkl, percent in (((2, 0, 0), 30), ((2, 2, 0), 52), ((3, 1, 1), 42)):
        # thermal motion, which is left out, weakens the outer ones
        assert 100 * seen(hkl) / seen((1, 1, 1)) == pytest.approx(percent, rel=0.12)


def test_forbidden_reflections_have_no_ring():
    found = {ring.hkl for ring in rings("CeO2", 15_000.0, 90.0)}
    assert all(len({index % 2 for index in hkl}) == 1 for hkl in found)


@pytest.mark.parametrize(
    ("hkl", "number"), [((1, 0, 0), 6), ((1, 1, 0), 12), ((1, 1, 1), 8), ((2, 1, 0), 24), ((3, 2, 1), 48)]
)
def test_multiplicities(hkl, number):
    assert planes(hkl) == number


def over_azimuth(frame, camera):
    """Return 2θ in degrees and the mean counts there, by bins of a fifth of a ring's width."""
    down, across = np.indices(frame.shape)
    out = np.hypot(across + 0.5 - camera.centre_x_px, down + 0.5 - camera.centre_y_px) * camera.pixel_um * 1e-3
    angle = np.degrees(np.arctan(out / camera.distance_mm))
    bins = (angle / (camera.ring_fwhm_deg / 5)).astype(int).ravel()
    pixels = np.bincount(bins)
    middle = np.bincount(bins, angle.ravel()) / np.maximum(pixels, 1)
    return middle, np.bincount(bins, frame.ravel().astype(float)) / np.maximum(pixels, 1)


@pytest.mark.parametrize("energy_ev", [9000.0, 12_000.0])
def test_a_frame_integrates_back_to_the_angles_of_bragg_s_law(camera, energy_ev):
    frames = SceneFrames(1, "camera", RingScene(camera, lambda: Beam(energy_ev, 1e12)))
    angle, counts = over_azimuth(frames.frame(0, 1.0, frames.scene.state()), camera)
    wanted = rings(camera.calibrant, energy_ev, 36.0)
    assert len(wanted) >= 3
    for ring in wanted:
        near = np.abs(angle - ring.two_theta_deg) < 3 * camera.ring_fwhm_deg
        above = counts[near] - 2.0
        assert np.average(angle[near], weights=above) == pytest.approx(ring.two_theta_deg, abs=0.01)


@pytest.mark.full  # pyFAI is large: only `make test-all` installs it
def test_pyfai_integrates_a_frame_to_its_own_calibrant(camera):
    geometry = import_module("pyFAI.integrator.azimuthal")
    calibrant = import_module("pyFAI.calibrant").get_calibrant(camera.calibrant)
    frames = SceneFrames(1, "camera", RingScene(camera, lambda: Beam(12_000.0, 1e12)))
    pixel, wavelength = 1e-6 * camera.pixel_um, 12.398419843e-10 / 12.0
    integrator = geometry.AzimuthalIntegrator(
        dist=1e-3 * camera.distance_mm,
        poni1=pixel * camera.centre_y_px,
        poni2=pixel * camera.centre_x_px,
        pixel1=pixel,
        pixel2=pixel,
        wavelength=wavelength,
    )
    frame = frames.frame(0, 1.0, frames.scene.state())
    angle, counts = integrator.integrate1d(
        frame, 2000, unit="2th_deg", method=("no", "histogram", "cython"), polarization_factor=1.0
    )
    calibrant.wavelength = wavelength
    wanted = [one for one in np.degrees(calibrant.get_2th()) if one < 36.0]
    assert len(wanted) == 6
    for one in wanted:
        near = np.abs(angle - one) < 3 * camera.ring_fwhm_deg
        assert np.average(angle[near], weights=counts[near] - np.median(counts)) == pytest.approx(one, abs=2e-3)


def test_the_rings_follow_the_light(camera):
    lights = [Beam(12_000.0, 1e12), Beam(12_000.0, 2e12), Beam(12_000.0, 0.0), Beam(11_000.0, 1e12)]
    scene = RingScene(camera, lambda: lights[0])
    assert scene.state() == lights[0]
    one, two, dark, lower = (scene.rates_hz(light) for light in lights)
    assert np.allclose(two - camera.background_rate_hz, 2 * (one - camera.background_rate_hz))
    assert np.all(dark == camera.background_rate_hz)
    # a lower energy scatters to higher angles: the first ring is further out
    row = int(camera.centre_y_px)
    # away from the beam along the row, only the first ring lies within 20°
    within = slice(int(camera.centre_x_px), int(camera.centre_x_px + 1e3 * camera.distance_mm * math.tan(0.3) / 100))
    assert np.argmax(lower[row, within]) > np.argmax(one[row, within])
    assert one.max() == pytest.approx(1e12 * camera.peak_per_photon, rel=0.2)


def test_an_energy_is_rendered_once(camera, monkeypatch):
    import beam.ring_pattern as module

    asked = []
    monkeypatch.setattr(module, "rings", lambda *args: asked.append(args) or rings(*args))
    scene = RingScene(camera, lambda: Beam(12_000.0, 1e12))
    for flux in (1e12, 2e12, 0.0, 3e12):
        scene.rates_hz(Beam(12_000.0, flux))
    assert len(asked) == 1
