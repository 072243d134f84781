"""What a flat camera sees of a calibrant: powder rings over a background.

The camera stands across the beam, whose light meets it at a point given in pixels (the centre of the first pixel is at
0.5, 0.5). In each pixel the strength of the ring there, a Gaussian in 2θ of a width given, times its solid angle
(cos³ 2θ) and the polarisation, 1 - (sin 2θ cos χ)² for light polarised in the horizontal. The scale is the
configuration's: counts per photon in the brightest pixel there could be. First order alone; the pixels do not blur.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from beam.constants import FWHM_PER_SIGMA
from beam.detector_kinds import DiffractionCamera
from beam.powder import rings

Floats: TypeAlias = npt.NDArray[np.float64]

STEPS = 8000
"""Of the profile, over all scattering angles that the camera sees."""


class Beam(NamedTuple):
    """The light that meets the calibrant."""

    energy_ev: float
    flux_ph_per_s: float


class RingScene:
    """Powder rings on a camera; worked out anew only when the energy is another one.

    Parameters
    ----------
    camera
        Its figures and its place.
    light
        Tells the light that meets the calibrant.
    """

    def __init__(self, camera: DiffractionCamera, light: Callable[[], Beam]) -> None:
        self.shape = camera.height_px, camera.width_px
        self._camera, self._light = camera, light
        self._map: tuple[Floats, Floats] | None = None
        self._seen: tuple[float, Floats] | None = None

    def state(self) -> Hashable:
        """Return the light."""
        return self._light()

    def rates_hz(self, state: Hashable, /) -> Floats:
        """Return the mean counts per second in each pixel, shape (height, width). Takes a while for a new energy."""
        energy_ev, flux = cast("Beam", state)
        if flux <= 0:
            return np.full(self.shape, self._camera.background_rate_hz)
        if self._seen is None or self._seen[0] != energy_ev:
            self._seen = energy_ev, self._per_photon(energy_ev)
        return self._camera.background_rate_hz + flux * self._seen[1]

    def _per_photon(self, energy_ev: float) -> Floats:
        two_theta, geometry = self._places()
        angles = np.linspace(0.0, float(two_theta.max()), STEPS)
        sigma = math.radians(self._camera.ring_fwhm_deg) / FWHM_PER_SIGMA
        profile = np.zeros(STEPS)
        for ring in rings(self._camera.calibrant, energy_ev, math.degrees(angles[-1]) + 10 * math.degrees(sigma)):
            at = math.radians(ring.two_theta_deg)
            profile += ring.strength * np.exp(-0.5 * ((angles - at) / sigma) ** 2)
        return self._camera.peak_per_photon * geometry * np.interp(two_theta, angles, profile)

    def _places(self) -> tuple[Floats, Floats]:
        """Return 2θ (rad) in each pixel, and what geometry and polarisation leave."""
        if self._map is None:
            camera = self._camera
            size = 1e-3 * camera.pixel_um
            down = size * (np.arange(camera.height_px)[:, np.newaxis] + 0.5 - camera.centre_y_px)
            across = size * (np.arange(camera.width_px)[np.newaxis, :] + 0.5 - camera.centre_x_px)
            out = np.hypot(down, across)
            two_theta = np.arctan2(out, camera.distance_mm)
            horizontal = across / np.maximum(out, 1e-9)
            geometry = np.cos(two_theta) ** 3 * (1 - (np.sin(two_theta) * horizontal) ** 2)
            self._map = two_theta, geometry
        return self._map
