"""Heat on a crystal: a relaxation towards what the power of this moment would make of it.

With power P the deformation x follows τ dx/dt = P - x, in kW of equilibrium. The power is taken as it was at the last
exposure, so that what a scan measures depends on nothing but the scan. Bumps, strain and the second crystal's own heat
are left out.
"""

from __future__ import annotations

import math

from beam import facts

STEP_URAD = 0.01
"""The drift goes in steps of this, so that what depends on it need not be worked out anew at each exposure."""


class HeatLoad:
    """The drift of one monochromator.

    Parameters
    ----------
    heat_load
        How far, and how fast.
    """

    def __init__(self, heat_load: facts.HeatLoad) -> None:
        self.facts = heat_load
        self._absorbed_kw = 0.0
        self._power_kw = 0.0
        self._looked_s: float | None = None

    @property
    def pitch_urad(self) -> float:
        """How far the second crystal is off."""
        return STEP_URAD * round(self.facts.pitch_urad_per_kw * self._absorbed_kw / STEP_URAD)

    def go_on(self, now_s: float, power_kw: float) -> None:
        """Warm or cool until now, and go on with the present power."""
        if self._looked_s is not None and now_s > self._looked_s:
            left = math.exp(-(now_s - self._looked_s) / self.facts.time_constant_s)
            self._absorbed_kw = self._power_kw + (self._absorbed_kw - self._power_kw) * left
        self._looked_s, self._power_kw = now_s, power_kw
