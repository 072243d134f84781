"""EPICS records as real IOCs have them: usable at any prefix, bound to an axis or to a counting function."""

from ioc_sim.records.binding import Axis, AxisFacts, Timing
from ioc_sim.records.motor import MotorRecord
from ioc_sim.records.motor_settings import MotorSettings
from ioc_sim.records.scaler import Count, ScalerFacts, ScalerRecord

__all__ = [
    "Axis",
    "AxisFacts",
    "Count",
    "MotorRecord",
    "MotorSettings",
    "ScalerFacts",
    "ScalerRecord",
    "Timing",
]
