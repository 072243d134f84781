"""BL13U, soft X-ray nano absorption: elliptical undulator, grating monochromator, magnet, cryostat, raster stage."""

from __future__ import annotations

from typing import ClassVar

from beamlines.tree import Tree
from devices import (
    Counter,
    DrainCurrent,
    EllipticalUndulator,
    EnergyAxis,
    Flyer,
    Magnet,
    Mesh,
    Photodiode,
    PlaneGrating,
    PolarisationAxis,
    PulseDetector,
    RingStatus,
    SampleStage,
    Shutter,
    TemperatureStage,
)


class BL13U(Tree):
    """The devices of BL13U."""

    energy: EnergyAxis
    polarisation: PolarisationAxis
    undulator: EllipticalUndulator
    pgm: PlaneGrating
    front_end: Shutter
    shutter: Shutter
    counter: Counter
    i0: Mesh
    tey: DrainCurrent
    diode: Photodiode
    fluorescence: PulseDetector
    magnet: Magnet
    cryostat: TemperatureStage
    stage: SampleStage
    flyer: Flyer
    ring: RingStatus

    ROLES: ClassVar = {
        "energy": "energy",
        "polarisation": "polarisation",
        "magnet": "magnet",
        "temperature": "cryostat",
        "sample_stage": "stage",
        "flyer": "flyer",
        "i0": "i0",
        "tey": "tey",
        "shutter": "shutter",
        "front_end": "front_end",
        "ring": "ring",
    }
    DETECTORS = ("counter",)
    BASELINE = (
        *("energy", "polarisation", "undulator", "pgm", "magnet", "cryostat", "stage"),
        *("i0", "tey", "diode", "front_end", "shutter", "ring"),
    )


PAGE = BL13U
