"""The devices of a beamline, as ophyd objects."""

from devices.axis import Axis
from devices.base import Instrument
from devices.build import build
from devices.chamber import CurrentDetector, DrainCurrent, IonChamber, Mesh, Photodiode, PulseDetector
from devices.counter import Counter
from devices.coupled import CoupledAxis
from devices.diffraction import DiffractionDetector
from devices.elliptical import EllipticalUndulator
from devices.energy import EnergyAxis
from devices.filters import Filters
from devices.flight import Flight
from devices.flyer import Flyer
from devices.grating import PlaneGrating
from devices.grating_energy import GratingEnergy
from devices.mirror import MirrorPair
from devices.monochromator import DoubleCrystal
from devices.motor import MotorAxis
from devices.named import NamedPosition
from devices.polarisation import PolarisationAxis
from devices.ramped import Magnet, Potentiostat, RampedAxis, TemperatureStage
from devices.ring import RingStatus
from devices.sample_stage import SampleStage, TurningStage
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
    "CurrentDetector",
    "DetectorTable",
    "DiffractionDetector",
    "DoubleCrystal",
    "DrainCurrent",
    "EllipticalUndulator",
    "EnergyAxis",
    "Filters",
    "Flight",
    "Flyer",
    "GapAxis",
    "GratingEnergy",
    "Instrument",
    "IonChamber",
    "Magnet",
    "Mesh",
    "MirrorPair",
    "MotorAxis",
    "NamedPosition",
    "Photodiode",
    "PlaneGrating",
    "PolarisationAxis",
    "Potentiostat",
    "PulseDetector",
    "RampedAxis",
    "RingStatus",
    "SampleStage",
    "Shutter",
    "Slits",
    "Spectrometer",
    "State",
    "StationInterlock",
    "TemperatureStage",
    "TurningStage",
    "Undulator",
    "Valve",
    "build",
]
