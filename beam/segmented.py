"""The light of an APPLE-II in segments with phase shifters between them: amplitudes add, then intensities.

Each segment radiates its natural line; what a phase shifter delays is a phase between the amplitudes of the segments
before and after it. With all in step N segments are one long undulator. For fast switching of the helicity the first
half of the segments stands for one helicity, the second for the other, at the same gap; the shifters within one half
put its segments out of step, so that its light vanishes at the energy of the harmonic, and the other half's remains
(R. Kinjo, T. Tanaka, J. Synchrotron Rad. 23 (2016) 751: spectrum splitting). Swapping the shifters swaps the
helicity with no magnet moved. Energy spread and the electrons' angles blur the extinction: the degree of circular
polarisation stays below 1. One segment alone is an ordinary APPLE-II.

Left out, besides what `beam.apple` leaves out: the free space between segments (taken into the shifters' zeros), and
the change of polarisation off axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from beam import facts
from beam.apple import AppleArray, Rows
from beam.electrons import CENTRAL_CONE, ElectronBeam
from beam.errors import OutOfReach
from beam.nodes import gaussian_nodes
from beam.polarisation import CIRCULAR_MINUS, CIRCULAR_PLUS, Polarisation, Stokes
from beam.soft_kinds import AppleUndulator

Floats: TypeAlias = npt.NDArray[np.float64]

DARK = Stokes(0.0, 0.0, 0.0, 0.0)


class SourceState(NamedTuple):
    """Where everything in the undulator stands.

    `rows` has one item for each independently sliding group of segments, in the order of the beam. A shifter's
    degrees are a delay in wavelengths of the first harmonic, 360° each: at harmonic n the phase is n times as much.
    """

    gap_mm: float
    rows: tuple[Rows, ...]
    shifters_deg: tuple[float, ...] = ()


class SegmentedUndulator:
    """An APPLE-II undulator of one or more segments in a ring.

    Parameters
    ----------
    undulator
        Period, segments, periods of each, harmonics, acceptance, axes.
    ring
        Electron energy, energy spread, emittance, beta functions.

    Attributes
    ----------
    array
        The magnets: energies, gaps and row positions.
    """

    def __init__(self, undulator: AppleUndulator, ring: facts.Ring) -> None:
        self.facts = undulator
        self.electrons = ElectronBeam(ring)
        self.array = AppleArray(
            undulator.gap.name,
            period_mm=undulator.period_mm,
            gap_mm=(undulator.gap.low, undulator.gap.high),
            energy_at_k0_ev=self.electrons.energy_at_k0_ev(undulator.period_mm),
            harmonics=undulator.harmonics,
        )
        self.periods = undulator.segments * undulator.periods_per_segment
        self.length_m = self.periods * undulator.period_mm * 1e-3
        groups = len(undulator.phases)
        self._group = [segment * groups // undulator.segments for segment in range(undulator.segments)]
        self._nodes, self._weights = gaussian_nodes()

    def state(self, energy_ev: float, polarisation: Polarisation, n: int | None = None) -> SourceState:
        """Return where to stand for an energy in eV in a polarisation, all segments alike and in step.

        Parameters
        ----------
        energy_ev, polarisation
            What is asked for.
        n
            Harmonic; the strongest that reaches the energy where none is given.

        Raises
        ------
        OutOfReach
            If the polarisation does not reach the energy; the message gives the range, and which others do.
        """
        if n is None:
            n = self.array.best_harmonic(energy_ev, polarisation)
        gap, rows = self.array.setting(energy_ev, polarisation, n)
        return SourceState(gap, (rows,) * len(self.facts.phases), (0.0,) * len(self.facts.shifters))

    def switching_states(self, energy_ev: float) -> tuple[SourceState, SourceState]:
        """Return two states that differ in the shifters alone: first harmonic, helicity + and -.

        Raises
        ------
        OutOfReach
            If circular light does not reach the energy, or the undulator has not two halves of two or more segments.
        """
        first, second = self.switching_shifters_deg()
        gap, plus = self.array.setting(energy_ev, CIRCULAR_PLUS)
        rows = (plus, self.array.rows_for(CIRCULAR_MINUS, gap))
        return SourceState(gap, rows, first), SourceState(gap, rows, second)

    def switching_shifters_deg(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return how the shifters stand for the first half's light alone, and for the second's; raises as above."""
        half = self.facts.segments // 2
        if len(self.facts.phases) != 2 or half < 2:
            raise OutOfReach(
                f"{self.facts.gap.name} switching of helicity by phase shifters: it takes two groups of two or more "
                f"segments, this undulator has {self.facts.segments} in {len(self.facts.phases)}"
            )
        still, apart = (0.0,) * (half - 1), (360.0 / half,) * (half - 1)
        return (*still, 0.0, *apart), (*apart, 0.0, *still)

    def first_harmonic_ev(self, state: SourceState) -> float | None:
        """Return the first harmonic of the first segment in eV, None where the gap gives no light."""
        if not self.array.has_light(state.gap_mm):
            return None
        return self.array.first_harmonic_ev(state.gap_mm, state.rows[0])

    def power_kw(self, state: SourceState, current_ma: float) -> float:
        """Return the total radiated power in kW; 0 where the gap gives no light."""
        if not self.array.has_light(state.gap_mm):
            return 0.0
        share = self.length_m / len(state.rows)
        fields = [self.array.fields_t(state.gap_mm, rows) for rows in state.rows]
        return math.fsum(self.electrons.power_kw(math.hypot(abs(x), abs(y)), share, current_ma) for x, y in fields)

    def light(self, energies_ev: Sequence[float], state: SourceState, current_ma: float) -> list[Stokes]:
        """Return flux and polarisation of the light through the acceptance.

        Each harmonic is its central cone (1.431e14 N I Q_n, Kim) on the squared sum of the segments' amplitudes
        N_s sinc(N_s (E/E_1 - n)), averaged over the energy spread and the electrons' angles (both blur E_1). Each
        energy sees the harmonic nearest to it.

        Parameters
        ----------
        energies_ev
            Photon energies.
        state
            Gap, rows, phase shifters.
        current_ma
            Ring current.

        Returns
        -------
        list of Stokes
            photons/s/0.1% bandwidth, one item an energy; no light where the gap gives none.
        """
        if not self.array.has_light(state.gap_mm) or current_ma <= 0:
            return [DARK] * len(energies_ev)
        firsts = [self.array.first_harmonic_ev(state.gap_mm, rows) for rows in state.rows]
        ks = [math.hypot(*self.array.k(state.gap_mm, rows)) for rows in state.rows]
        spread = math.fsum(self.electrons.spread(k) for k in ks) / len(ks)
        amplitudes: dict[int, list[tuple[complex, complex]]] = {}
        found: list[Stokes] = []
        for energy in energies_ev:
            mean_ratio = energy * math.fsum(1 / first for first in firsts) / len(firsts)
            n = min(self.array.harmonics, key=lambda one: abs(mean_ratio - one))
            if n not in amplitudes:
                amplitudes[n] = [self.array.amplitudes(state.gap_mm, rows, n) for rows in state.rows]
            x, y = self._sum(energy, n, firsts, amplitudes[n], state.shifters_deg, spread)
            # Kim's cone of one undulator of N periods grows with N, its amplitude squared with N²
            line = n * energy / mean_ratio
            share = float(self.electrons.accepted(np.array([line]), self.length_m, self.facts.acceptance_urad)[0])
            scale = CENTRAL_CONE * current_ma * 1e-3 / self.periods * share
            cross = x.conjugate() * y
            a, b = self._mean(np.abs(x) ** 2), self._mean(np.abs(y) ** 2)
            found.append(
                Stokes(
                    scale * (a + b),
                    scale * (a - b),
                    2 * scale * self._mean(cross.real),
                    2 * scale * self._mean(cross.imag),
                )
            )
        return found

    def _sum(
        self,
        energy_ev: float,
        n: int,
        firsts: list[float],
        amplitudes: list[tuple[complex, complex]],
        shifters_deg: tuple[float, ...],
        spread: float,
    ) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
        """Return the summed amplitudes (x, y) of all segments, one item a node of the spread."""
        periods = self.facts.periods_per_segment
        x = np.zeros(len(self._nodes), dtype=np.complex128)
        y = np.zeros_like(x)
        phase = np.zeros(len(self._nodes))
        for segment, group in enumerate(self._group):
            ratio = energy_ev / firsts[group] * (1 - spread * self._nodes)
            slip = periods * (ratio - n)  # wavelengths by which the light of the far end is ahead, whole ones apart
            wave = periods * np.sinc(slip) * np.exp(1j * (phase + math.pi * slip))
            x += amplitudes[group][0] * wave
            y += amplitudes[group][1] * wave
            phase = phase + 2 * math.pi * slip
            if segment < len(shifters_deg):
                phase = phase + math.radians(shifters_deg[segment]) * ratio
        return x, y

    def _mean(self, values: Floats) -> float:
        return float(self._weights @ values)
