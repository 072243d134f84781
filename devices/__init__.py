"""The devices of a beamline, as ophyd objects."""

from devices.axis import Axis
from devices.base import Instrument
from devices.build import build
from devices.chamber import IonChamber
from devices.counter import Counter
from devices.coupled import CoupledAxis
from devices.diffraction import DiffractionDetector
from devices.energy import EnergyAxis
from devices.filters import Filters
from devices.flight import Flight
from devices.flyer import Flyer
from devices.mirror import MirrorPair
from devices.monochromator import DoubleCrystal
from devices.motor import MotorAxis
from devices.named import NamedPosition
from devices.ramped import Potentiostat, RampedAxis, TemperatureStage
from devices.ring import RingStatus
from devices.sample_stage import SampleStage
from devices.shutter import Shutter
from devices.slits import Slits
from devices.spectrometer import Spectrometer
from devices.stand import BeamStop, DetectorTable
from devices.state import State
from devices.undulator import GapAxis, Undulator
from devices.watched import StationInterlock, Valve

__all__ = [
    "Axis",
    "BeamStop",
    "Counter",
    "CoupledAxis",
    "DetectorTable",
    "DiffractionDetector",
    "DoubleCrystal",
    "EnergyAxis",
    "Filters",
    "Flight",
    "Flyer",
    "GapAxis",
    "Instrument",
    "IonChamber",
    "MirrorPair",
    "MotorAxis",
    "NamedPosition",
    "Potentiostat",
    "RampedAxis",
    "RingStatus",
    "SampleStage",
    "Shutter",
    "Slits",
    "Spectrometer",
    "State",
    "StationInterlock",
    "TemperatureStage",
    "Undulator",
    "Valve",
    "build",
]
