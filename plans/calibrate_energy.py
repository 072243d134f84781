"""The energy scale, set right by the edge of a reference foil."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from bluesky.utils import Msg, MsgGenerator

from beam.errors import TerasuError
from beam.inflection import first_inflection
from beam.white_line import white_line
from devices import EnergyAxis, RingStatus, Shutter
from plans.edges import find_edge
from plans.recorded import Recorded, recording
from plans.regions import BadRegion
from plans.roles import Role
from plans.xas import xas

Floats = npt.NDArray[np.float64]

BEFORE_EV, AFTER_EV = 25.0, 35.0
ENDS = 0.2
"""The part of the scan at either end whose means tell the height of the edge."""
SIGMAS = 8.0
"""An edge is higher than so many times the noise of a point."""


FEATURES = {"inflection": first_inflection, "peak": white_line}


class NoEdge(TerasuError):
    """A spectrum in which the edge that was looked for is not to be seen."""


def calibrate_energy(
    edge: str,
    *,
    reference_ev: float | None = None,
    step_ev: float = 0.5,
    dwell_s: float = 1.0,
    most_ev: float = 10.0,
    feature: str = "inflection",
    energy: Annotated[EnergyAxis, Role("energy")],
    detectors: Annotated[Sequence[Any], Role("detectors")],
    shutter: Annotated[Shutter, Role("shutter")],
    front_end: Annotated[Shutter, Role("front_end")],
    ring: Annotated[RingStatus, Role("ring")],
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[float]:
    """Take the edge of a foil that is in the beam, and set the monochromator's offset so that it lies where it should.

    Scans from 25 eV below to 35 eV above, finds the first inflection (`beam.inflection`) or the peak of the white line,
    and sets the offset of the angle that selects the energy: Bragg's, or the grating's. The setting names the run.

    Parameters
    ----------
    edge
        Of the foil, such as ``"Fe K"``.
    reference_ev
        Energy of its first inflection (or white line) in eV; by default the tabulated energy of the edge.
    step_ev
        Step of the scan in eV.
    dwell_s
        Counting time per point.
    most_ev
        An edge that is found further from the reference is refused.
    feature
        What is looked for: ``inflection``, or ``peak``, the highest point of the white line.
    energy, detectors, shutter, front_end, ring
        Devices, filled in by their roles.
    md
        More metadata.

    Returns
    -------
    float
        Where the edge was found, in eV, on the scale before the calibration.

    Raises
    ------
    UnknownName
        No such edge.
    BadRegion
        Steps or dwells that make no scan.
    OutOfReach
        Energies that the beamline does not reach, or an offset that is not allowed; nothing was set.
    NoEdge
        No edge rises there, or too far away: it is another foil, or none. Nothing was set.
    """
    about = find_edge(edge)
    reference = about.energy_ev if reference_ev is None else reference_ev
    if most_ev <= 0 or most_ev > BEFORE_EV:
        raise BadRegion(f"most_ev {most_ev:g} eV: more than 0 eV and at most {BEFORE_EV:g} eV is allowed")
    if feature not in FEATURES:
        raise BadRegion(f"feature {feature!r}: allowed are {', '.join(FEATURES)}")
    recorded = Recorded()
    scan = xas(
        edge,
        regions=f"{-BEFORE_EV:g}:{AFTER_EV:g}:{step_ev:g}",
        dwell_s=dwell_s,
        e0=reference,
        energy=energy,
        detectors=detectors,
        shutter=shutter,
        front_end=front_end,
        ring=ring,
        md={"purpose": "energy calibration", "reference_ev": reference, **(md or {})},
    )
    yield from recording(scan, recorded)
    axis: Any = energy
    found = _edge(recorded, axis.name, about.name, reference, most_ev, FEATURES[feature])
    mono, offset = energy.calibrated(found, reference)
    why = f"{about.name} found at {found:.2f} eV, reference {reference:.2f} eV"
    yield Msg("setting", mono, **offset, why=why, uid=recorded.uid)
    return found


def _edge(
    recorded: Recorded,
    energy: str,
    edge: str,
    reference_ev: float,
    most_ev: float,
    find: Callable[[Floats, Floats, float], float | None],
) -> float:
    energies = recorded.column(energy)
    transmitted = recorded.has("it")
    i0, signal = recorded.column("i0"), recorded.column("it" if transmitted else "tey")
    if min(i0.min(), signal.min()) <= 0:
        raise NoEdge(f"{edge}: points without light: no spectrum; nothing was set")
    order = np.argsort(energies)
    energies, mu = energies[order], (np.log(i0 / signal) if transmitted else signal / i0)[order]
    height, noise = _height(mu)
    if height < SIGMAS * noise:
        raise NoEdge(
            f"{edge}: no edge between {energies[0]:.1f} and {energies[-1]:.1f} eV: the absorption rises by "
            f"{height:.3g}, its noise is {noise:.2g}; is this foil in the beam? Nothing was set"
        )
    found = find(energies, mu, reference_ev)
    if found is None or abs(found - reference_ev) > most_ev:
        where = "none was found" if found is None else f"one at {found:.2f} eV"
        raise NoEdge(f"{edge}: expected within {most_ev:g} eV of {reference_ev:.2f} eV, {where}; nothing was set")
    return found


def _height(mu: Floats) -> tuple[float, float]:
    """Return by how much the absorption rises, and the noise of a point where it is smooth."""
    count = max(3, int(ENDS * len(mu)))
    before, after = mu[:count], mu[-count:]
    curved = np.diff(before, 2)  # of variance 6: a slope does not count
    return float(after.mean() - before.mean()), float(np.sqrt(np.mean(curved**2) / 6.0))
