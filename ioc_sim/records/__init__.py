"""EPICS records as real IOCs have them: usable at any prefix, bound to what stands for their hardware."""

from ioc_sim.records.binding import Axis, AxisFacts, Timing
from ioc_sim.records.busy import BusyRecord
from ioc_sim.records.mca import McaRecord
from ioc_sim.records.motor import MotorRecord
from ioc_sim.records.motor_settings import MotorSettings
from ioc_sim.records.scaler import Count, ScalerFacts, ScalerRecord
from ioc_sim.records.waveform import WaveformRecord

__all__ = [
    "Axis",
    "AxisFacts",
    "BusyRecord",
    "Count",
    "McaRecord",
    "MotorRecord",
    "MotorSettings",
    "ScalerFacts",
    "ScalerRecord",
    "Timing",
    "WaveformRecord",
]
