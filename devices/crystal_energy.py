"""The photon energy by crystals: moves the undulator's gap, the Bragg angle and the crystal distance together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from beam import crystal, facts
from beam.errors import OutOfReach
from devices.energy import LEAST_LIGHT, EnergyAxis
from devices.errors import NoLight
from devices.harmonic import one_harmonic
from devices.monochromator import DoubleCrystal
from devices.protocols import ValueOf
from devices.quality import fit_sample
from devices.undulator import Undulator
from devices.waiting import Waiting


class CrystalEnergy(EnergyAxis):
    """The energy of a beamline with a planar undulator and a double-crystal monochromator.

    Its reading is computed from the Bragg angle's readback; the harmonic is the one whose energy at the present gap
    lies nearest. Documents carry ``energy``, ``energy_setpoint``, ``energy_harmonic``, ``energy_gap`` (mm) and
    ``energy_bragg`` (deg).

    Parameters
    ----------
    beamline
        Name of the beamline, for messages.
    energy_facts
        Range and tolerance in eV.
    undulator, dcm
        The devices it moves.
    """

    def __init__(
        self,
        beamline: str,
        energy_facts: facts.EnergyRange,
        undulator: Undulator,
        dcm: DoubleCrystal,
        *,
        name: str = "energy",
    ) -> None:
        self.undulator = undulator
        self.dcm = dcm
        self._spacing = 0.0  # of the planes, when the target was asked for
        # a plan asks for each of its energies when it is made, when it is checked and when it moves
        self._gap = lru_cache(maxsize=8192)(undulator.physics.gap_mm)
        axes = {"gap": undulator.gap, "bragg": dcm.bragg, "perp": dcm.perp}
        super().__init__(beamline, energy_facts, undulator.facts.harmonics, axes, name=name)

    carried = ("gap", "bragg")

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """The energy that the Bragg angle selects, in eV."""
        return self.dcm.energy_at(self.dcm.bragg.position)

    def value_at(self, positions: Mapping[str, float]) -> float:
        """Return the energy where the axes are at `positions`."""
        return self.dcm.energy_at(positions["bragg"])

    @property
    def harmonic(self) -> int:
        """The harmonic whose energy at the present gap lies nearest to the energy; 0 without light."""
        gap = self.undulator.gap.position + self.undulator.gap_offset_mm
        if not self.undulator.physics.has_light(gap):
            return 0
        ratio = self.position / self.undulator.physics.energy_ev(gap)
        return min(self.undulator.facts.harmonics, key=lambda n: abs(n - ratio))

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest energy that the beamline is built for and the Bragg axis reaches, in eV."""
        return self._limits(self.dcm.exchange.position)

    def _limits(self, exchange_mm: float) -> tuple[float, float]:
        low_deg, high_deg = self.dcm.bragg.limits
        return (
            max(self.facts.min_ev, math.ceil(self.dcm.energy_at(min(high_deg, 90.0), exchange_mm))),
            min(self.facts.max_ev, math.floor(self.dcm.energy_at(max(low_deg, 0.1), exchange_mm))),
        )

    @property
    def setpoint(self) -> float:
        """The energy last asked for; before the first, and after an exchange of crystals, where it is."""
        spacing = self.dcm.spacing_at(self.dcm.exchange.position)
        return self.position if self._target is None or spacing != self._spacing else self._target

    def set(self, value: float) -> Waiting:
        """Start moving all axes; the returned status ends when all have arrived and the energy is right."""
        self._spacing = self.dcm.spacing_at(self.dcm.exchange.position)
        return super().set(value)

    def choose_harmonic(self, energies_ev: Iterable[float]) -> int:
        """Return the one harmonic that reaches all energies; raises OutOfReach as every energy axis."""
        energies = sorted({float(one) for one in energies_ev})
        for energy in energies:
            self._check_range(energy)
        return one_harmonic(self.undulator.physics, energies[0], energies[-1], self.beamline)

    def targets_for(self, energy_ev: float, harmonic: int = 0, where: ValueOf | None = None) -> dict[str, float]:
        """Return where each axis has to be: ``gap`` and ``perp`` in mm, ``bragg`` in deg."""
        self._check_range(energy_ev, where)
        physics = self.undulator.physics
        chosen = harmonic or self.harmonic_choice.get() or physics.best_harmonic(energy_ev)
        gap = self._gap(float(energy_ev), chosen) - self.undulator.gap_offset_mm
        return {"gap": gap, **self.dcm.angles_for(energy_ev, where)}

    def check_light(self, positions: Mapping[str, float]) -> None:
        """Refuse a gap that gives no light of the energy that the crystals let through."""
        physics, at = self.undulator.physics, self.value_at(positions)
        gap = positions["gap"] + self.undulator.gap_offset_mm
        best = physics.gap_mm(at, physics.best_harmonic(at))
        there, could = (physics.fluxes([at], one, 1.0)[0] for one in (gap, best))
        if not there >= LEAST_LIGHT * could:
            raise NoLight(
                f"{self.beamline} energy {at:.6g} eV: no light, the undulator's gap is {gap:.6g} mm, {best:.6g} mm "
                f"belongs to that energy; set the energy first"
            )

    def calibrated(self, found_ev: float, reference_ev: float) -> tuple[DoubleCrystal, dict[str, float]]:
        """Return the offset of the Bragg angle: offset' = offset + asin(hc/2d E_reference) - asin(hc/2d E_found)."""
        d = self.dcm.d_angstrom
        wrong_deg = crystal.bragg_deg(reference_ev, d) - crystal.bragg_deg(found_ev, d)
        return self.dcm, {"bragg_offset_deg": round(self.dcm.bragg_offset_deg + wrong_deg, 7)}

    def _check_range(self, energy_ev: float, where: ValueOf | None = None) -> None:
        exchange = self.dcm.exchange.position if where is None else where(self.dcm.exchange)
        if self.dcm.facts.pair_at(exchange) is None:
            raise OutOfReach(
                f"{self.beamline} energy {energy_ev:.6g} eV: no crystals in the beam, {self.dcm.exchange.name} is at "
                f"{exchange:.6g} mm; {self.dcm.pair.name} may be {', '.join(self.dcm.pair.positions)}"
            )
        low, high = self._limits(exchange)
        if not (math.isfinite(energy_ev) and low <= energy_ev <= high):
            raise OutOfReach(
                f"{self.beamline} energy {energy_ev:.6g} eV: {self.dcm.cut_at(exchange)} reaches "
                f"{low:.6g} … {high:.6g} eV"
            )

    def flown_with(self) -> dict[str, float]:
        """Return spacing and offset of the planes in the beam."""
        return {"spacing": self.dcm.spacing_at(self.dcm.exchange.position), "offset": self.dcm.bragg_offset_deg}

    # -- documents ---------------------------------------------------------------------------------------------

    def read(self) -> Any:
        """Return energy, set-point, harmonic, gap and Bragg angle."""
        bragg = fit_sample(self.name, self.dcm.bragg.readback)
        gap = fit_sample(self.name, self.undulator.gap.readback)
        values = {
            "": self.dcm.energy_at(bragg.value),
            "_setpoint": self.setpoint,
            "_harmonic": self.harmonic,
            "_bragg": bragg.value,
        }
        found = {f"{self.name}{key}": {"value": value, "timestamp": bragg.time} for key, value in values.items()}
        found[f"{self.name}_gap"] = {"value": gap.value, "timestamp": gap.time}
        return found

    def describe(self) -> Any:
        """Return the data keys."""
        return self.keys(f"computed:{self.dcm.name},{self.undulator.name}", self.carried)

    def follow(self, callback: Callable[..., None]) -> None:
        """Have `callback` called whenever the Bragg angle changes."""
        self.dcm.bragg.readback.subscribe(callback)
