"""The devices of a beamline, as ophyd objects."""

from devices.axis import Axis
from devices.base import Instrument
from devices.build import build
from devices.chamber import IonChamber
from devices.counter import Counter
from devices.diffraction import DiffractionDetector
from devices.energy import EnergyAxis
from devices.monochromator import DoubleCrystal
from devices.motor import MotorAxis
from devices.ramped import Potentiostat, RampedAxis, TemperatureStage
from devices.ring import RingStatus
from devices.sample_stage import SampleStage
from devices.shutter import Shutter
from devices.spectrometer import Spectrometer
from devices.state import State
from devices.undulator import GapAxis, Undulator

__all__ = [
    "Axis",
    "Counter",
    "DiffractionDetector",
    "DoubleCrystal",
    "EnergyAxis",
    "GapAxis",
    "Instrument",
    "IonChamber",
    "MotorAxis",
    "Potentiostat",
    "RampedAxis",
    "RingStatus",
    "SampleStage",
    "Shutter",
    "Spectrometer",
    "State",
    "TemperatureStage",
    "Undulator",
    "build",
]
