"""BL09U, X-ray operando spectroscopy: in-vacuum undulator, monochromator, slits, mirrors, filters, ion chambers."""

from __future__ import annotations

from typing import ClassVar

from beamlines.tree import Tree
from devices import (
    BeamStop,
    Counter,
    DetectorTable,
    DiffractionDetector,
    DoubleCrystal,
    DrainCurrent,
    EnergyAxis,
    Filters,
    Flyer,
    IonChamber,
    MirrorPair,
    Potentiostat,
    RingStatus,
    Shutter,
    Slits,
    Spectrometer,
    StationInterlock,
    TemperatureStage,
    TurningStage,
    Undulator,
    Valve,
)


class BL09U(Tree):
    """The devices of BL09U."""

    energy: EnergyAxis
    undulator: Undulator
    dcm: DoubleCrystal
    white_slits: Slits
    mirror: MirrorPair
    filters: Filters
    slits: Slits
    table: DetectorTable
    beam_stop: BeamStop
    valve: Valve
    hutch: StationInterlock
    front_end: Shutter
    shutter: Shutter
    counter: Counter
    i0: IonChamber
    it: IonChamber
    tey: DrainCurrent
    sdd: Spectrometer
    camera: DiffractionDetector
    sample_stage: TurningStage
    temperature: TemperatureStage
    potential: Potentiostat
    flyer: Flyer
    ring: RingStatus

    ROLES: ClassVar = {
        "energy": "energy",
        "i0": "i0",
        "it": "it",
        "tey": "tey",
        "sdd": "sdd",
        "camera": "camera",
        "sample_stage": "sample_stage",
        "temperature": "temperature",
        "potential": "potential",
        "flyer": "flyer",
        "shutter": "shutter",
        "front_end": "front_end",
        "ring": "ring",
    }
    DETECTORS = ("counter",)
    BASELINE = (
        *(
            "energy",
            "undulator",
            "dcm",
            "white_slits",
            "mirror",
            "slits",
            "i0",
            "it",
            "tey",
            "front_end",
            "shutter",
            "ring",
        ),
        *("sample_stage", "temperature", "potential"),
    )


PAGE = BL09U
