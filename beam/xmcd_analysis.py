"""Sum-rule analysis of L2,3 spectra of both helicities: from three columns and what is declared to moments.

It sees energy, µ₊ and µ₋ (any scale) as an export holds them, and what an analyst must know (`Known`); it knows no
model of the sample. Steps: take the detectors' slope out, take the saturation of the electron yield back, fit
background and edge steps beside the lines, integrate, apply `beam.sum_rules`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from beam.edge_step import edge_step
from beam.electron_yield import desaturated, saturated
from beam.errors import BadSpectrum
from beam.sum_rules import Integrals, Moments, moments

Floats: TypeAlias = npt.NDArray[np.float64]

STEP_SHARES = (2 / 3, 1 / 3)  # of the edge jump, L3 and L2: four and two core electrons
PEAK_WITHIN_EV = 3.0  # of the declared edge
LEAST_POINTS = 4  # on either side: background and slope


@dataclasses.dataclass(frozen=True)
class Saturation:
    """What the electron yield's saturation depends on: µ λe / cos θ before the L3 edge, and the jump's part."""

    before: float
    jump: float


@dataclasses.dataclass(frozen=True)
class Known:
    """What an analysis must know besides the spectra.

    Attributes
    ----------
    holes, tz
        Number of holes in the 3d shell; ⟨Tz⟩ in ħ.
    polarisation
        Degree of circular polarisation times the share of the saturated magnetisation along the beam, 0 … 1.
    l3_ev, l2_ev
        Nominal energies of the white lines.
    step_fwhm_ev
        Width of the arctan steps.
    slope_power
        Signal over I0 goes as E to this power for one and the same absorption (by the detectors' responses).
    saturation
        For total electron yield; None where the signal is in proportion to the absorption.
    before_ev, after_ev
        How far below L3 the background before the edge ends, and above L2 that after it begins.
    """

    holes: float
    l3_ev: float
    l2_ev: float
    polarisation: float = 1.0
    tz: float = 0.0
    step_fwhm_ev: float = 1.0
    slope_power: float = 0.0
    saturation: Saturation | None = None
    before_ev: float = 8.0
    after_ev: float = 15.0

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], *, polarisation: float, slope_power: float, electron_yield: bool
    ) -> Known:
        """Return what a run declares: the record of its sample, and how it was measured.

        Raises
        ------
        BadSpectrum
            If the record lacks a figure; the message names it.
        """
        try:
            level = {key: float(record[key]) for key in ("holes", "l3_ev", "l2_ev", "tz", "step_fwhm_ev")}
            yields = Saturation(float(record["yield_before"]), float(record["yield_jump"]))
        except KeyError as error:
            raise BadSpectrum(f"the record of the sample lacks {error.args[0]}: no sum rules without it") from error
        saturation = yields if electron_yield else None
        return cls(**level, polarisation=polarisation, slope_power=slope_power, saturation=saturation)


@dataclasses.dataclass(frozen=True)
class Analysis:
    """Moments in µB with the standard errors that the noise beside the lines gives them, and what they came from.

    `absorption`, `steps` and `dichroism` are per unit of edge jump, shape of the energies; `integrals` too (times eV).
    """

    moments: Moments
    errors: Moments
    integrals: Integrals
    energies_ev: Floats
    absorption: Floats
    steps: Floats
    dichroism: Floats


def analyse(energies_ev: Floats, mu_plus: Floats, mu_minus: Floats, known: Known) -> Analysis:
    """Return the moments that spectra of both helicities give by the sum rules.

    Parameters
    ----------
    energies_ev
        Ascending photon energies, shape (k,).
    mu_plus, mu_minus
        Signal over I0 with either helicity, on one scale, shape (k,).
    known
        What must be declared.

    Raises
    ------
    BadSpectrum
        If the columns do not fit together, do not ascend, are not finite, or leave too few points beside the lines.
    """
    _check(energies_ev, mu_plus, mu_minus, known)
    if not 0 < known.polarisation <= 1:
        raise BadSpectrum(f"degree of polarisation {known.polarisation:g}: must be above 0 and up to 1")
    mean, plus, minus = _absorption(energies_ev, mu_plus, mu_minus, known)
    peaks = _peak(energies_ev, mean, known.l3_ev), _peak(energies_ev, mean, known.l2_ev)
    steps = _steps(energies_ev, peaks, known)
    beside = _beside(energies_ev, known)
    before, risen, jump = _background(energies_ev, mean, steps, beside, known)
    white = (mean - before - risen) / jump
    raw = (plus - minus) / jump / known.polarisation
    drift = np.polynomial.Polynomial.fit(energies_ev[beside], raw[beside], 1)
    dichroism = raw - drift(energies_ev)
    cut = float(np.searchsorted(energies_ev, 0.5 * (peaks[0] + peaks[1])))
    within = (energies_ev > known.l3_ev - known.before_ev) & (energies_ev < known.l2_ev + known.after_ev)
    weights = _weights(energies_ev) * within
    below = weights * (np.arange(len(energies_ev)) < cut)
    q, r = float(weights @ dichroism), 2 * float(weights @ white)
    found = Integrals(float(below @ dichroism), q, r)
    noise = float(np.std(dichroism[beside], ddof=2))
    first, second = (noise * math.sqrt(float(one @ one)) for one in (below, weights - below))
    # -(6p - 4q) weighs L3 with -2 and L2 with 4
    errors = Moments(
        4 * known.holes / (3 * r) * math.hypot(first, second), known.holes / r * math.hypot(2 * first, 4 * second)
    )
    absorption = (mean - before) / jump
    return Analysis(
        moments(found, known.holes, known.tz), errors, found, energies_ev, absorption, risen / jump, dichroism
    )


def _check(energies_ev: Floats, mu_plus: Floats, mu_minus: Floats, known: Known) -> None:
    if not energies_ev.shape == mu_plus.shape == mu_minus.shape or energies_ev.ndim != 1:
        raise BadSpectrum("energy, mu+ and mu-: the columns must have one length")
    if not (np.isfinite(energies_ev).all() and np.isfinite(mu_plus).all() and np.isfinite(mu_minus).all()):
        raise BadSpectrum("energy, mu+ and mu-: there are values that are no numbers")
    if not (np.diff(energies_ev) > 0).all():
        raise BadSpectrum("energy: must ascend, each once")
    low, high = known.l3_ev - known.before_ev, known.l2_ev + known.after_ev
    for words, number in (
        (f"below {low:g}", int((energies_ev < low).sum())),
        (f"above {high:g}", int((energies_ev > high).sum())),
    ):
        if number < LEAST_POINTS:
            raise BadSpectrum(
                f"energy: {number} points {words} eV, at least {LEAST_POINTS} are needed for a background"
            )


def _absorption(energies_ev: Floats, mu_plus: Floats, mu_minus: Floats, known: Known) -> tuple[Floats, Floats, Floats]:
    """Return mean, plus and minus in proportion to the absorption."""
    slope = (energies_ev / known.l3_ev) ** known.slope_power
    plus, minus = mu_plus / slope, mu_minus / slope
    mean = 0.5 * (plus + minus)
    if known.saturation is None:
        return mean, plus, minus
    steps = _steps(energies_ev, (known.l3_ev, known.l2_ev), known)
    line, _, jump = _background(energies_ev, mean, steps, _beside(energies_ev, known), known)
    before = float(np.interp(known.l3_ev, energies_ev, line))
    # scale and constant such that both levels at L3 are those declared
    low, high = (saturated(known.saturation.before + add) for add in (0.0, known.saturation.jump))
    scale = (high - low) / jump

    def straightened(signal: Floats) -> Floats:
        share = low + scale * (signal - before)
        if not (share < 1).all():
            raise BadSpectrum("signal: higher than a saturated yield can be; check the declared saturation")
        return desaturated(share)

    plus, minus = straightened(plus), straightened(minus)
    return 0.5 * (plus + minus), plus, minus


def _steps(energies_ev: Floats, edges_ev: tuple[float, float], known: Known) -> Floats:
    total = np.zeros_like(energies_ev)
    for share, edge in zip(STEP_SHARES, edges_ev, strict=True):
        total += share * edge_step(energies_ev, edge, known.step_fwhm_ev)
    return total


def _beside(energies_ev: Floats, known: Known) -> npt.NDArray[np.bool_]:
    return (energies_ev < known.l3_ev - known.before_ev) | (energies_ev > known.l2_ev + known.after_ev)


def _background(
    energies_ev: Floats, mean: Floats, steps: Floats, beside: npt.NDArray[np.bool_], known: Known
) -> tuple[Floats, Floats, float]:
    """Return the background, the step and the height of the jump at L3, fitted beside the white lines.

    Either is a sum of (E/E_L3)⁻² and (E/E_L3)⁻³ (after Victoreen), as absorption goes between edges.
    """
    x = energies_ev / known.l3_ev
    falling = np.stack([x**-2, x**-3], axis=1)
    design = np.concatenate([falling, falling * steps[:, np.newaxis]], axis=1)
    solution = np.array(np.linalg.lstsq(design[beside], mean[beside])[0], dtype=np.float64)
    jump = float(solution[2:].sum())
    if not jump > 0:
        raise BadSpectrum(f"mu: no edge rises between {known.l3_ev:g} and {known.l2_ev:g} eV")
    return falling @ solution[:2], design[:, 2:] @ solution[2:], jump


def _peak(energies_ev: Floats, mean: Floats, nominal_ev: float) -> float:
    near = np.flatnonzero(np.abs(energies_ev - nominal_ev) <= PEAK_WITHIN_EV)
    if near.size == 0:
        raise BadSpectrum(f"energy: no point within {PEAK_WITHIN_EV:g} eV of {nominal_ev:g} eV")
    top = int(near[np.argmax(mean[near])])
    if not 0 < top < len(energies_ev) - 1:
        return float(energies_ev[top])
    # the vertex of the parabola through it and its neighbours: points need not lie on the line's top
    x, y = energies_ev[top - 1 : top + 2], mean[top - 1 : top + 2]
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    vertex = 0.5 * (x[0] + x[1]) + left * 0.5 * (x[2] - x[0]) / (left - right) if left > right else x[1]
    return float(np.clip(vertex, x[0], x[2]))


def _weights(energies_ev: Floats) -> Floats:
    """Return the weights of the trapezoidal rule."""
    steps = np.diff(energies_ev)
    weights = np.zeros_like(energies_ev)
    weights[:-1] += 0.5 * steps
    weights[1:] += 0.5 * steps
    return weights
