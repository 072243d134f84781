"""Channel Access names of every kind of device: what is appended to a device's prefix for each of its signals."""

from __future__ import annotations

import re

RAMPED = {
    "readback": "Readback",
    "setpoint": "Setpoint",
    "velocity": "Rate",
    "settled": "Settled",
    "sentence": "Status",
    "stop_motion": "Stop",
}
NAMES: dict[str, dict[str, str]] = {
    # EPICS motor record
    "motor": {
        "readback": ".RBV",
        "setpoint": ".VAL",
        "at_rest": ".DMOV",
        "velocity": ".VELO",
        "acceleration": ".ACCL",
        "low_soft": ".LLM",
        "high_soft": ".HLM",
        "low_switch": ".LLS",
        "high_switch": ".HLS",
        "stop_motion": ".STOP",
    },
    "undulator_gap": {
        "readback": "GapRbv",
        "setpoint": "Gap",
        "moving_flag": "Moving",
        "permit": "Permit",
        "velocity": "Velocity",
        "stop_motion": "Stop",
        "sentence": "Status",
    },
    "undulator_axis": {
        "readback": "Readback",
        "setpoint": "Setpoint",
        "moving_flag": "Moving",
        "permit": "Permit",
        "velocity": "Velocity",
        "stop_motion": "Stop",
        "sentence": "Status",
    },
    "undulator": {"first_harmonic": "Energy", "power": "Power"},
    "ramped_axis": RAMPED,
    "potentiostat": RAMPED | {"current": "Current"},
    "shutter": {"indicator": "State", "permit": "Permit", "open_command": "Open", "close_command": "Close"},
    # EPICS scaler record, with a count of exposures beside it
    "scaler": {"exposures": ":ExposureCount", "counting": ".CNT", "preset_time": ".TP", "elapsed": ".T"},
    # EPICS mca record, with a count of exposures beside it
    "mca": {
        "spectrum": "",
        "real_time": ".ERTM",
        "live_time": ".ELTM",
        "dead_time": ".DTIM",
        "preset_time": ".PRTM",
        "preset_live_time": ".PLTM",
        "channels_used": ".NUSE",
        "mode": ".MODE",
        "energy_offset": ".CALO",
        "energy_slope": ".CALS",
        "erase_start": ".ERST",
        "counting": ".ACQG",
        "halt": ".STOP",
        "exposures": ":ExposureCount",
    },
    "mca_region": {"counts": "", "low": "LO", "high": "HI"},
    "file_detector": {
        "acquire": "Acquire",
        "num_images": "NumImages",
        "preset_time": "ExposureTime",
        "file_path": "FilePath",
        "file_path_exists": "FilePathExists_RBV",
        "file_name": "FileName",
        "full_name": "FullFileName_RBV",
        "made": "ImageCounter",
        "written": "FramesWritten_RBV",
        "dropped": "FramesDropped_RBV",
        "write_status": "WriteStatus",
        "write_message": "WriteMessage",
        "width": "SizeX_RBV",
        "height": "SizeY_RBV",
    },
    # EPICS areaDetector: a camera, and the plugin that writes its frames
    "area_detector": {
        "acquire": "cam1:Acquire",
        "image_mode": "cam1:ImageMode",
        "trigger_mode": "cam1:TriggerMode",
        "wait_for_plugins": "cam1:WaitForPlugins",
        "callbacks": "cam1:ArrayCallbacks",
        "num_images": "cam1:NumImages",
        "images_taken_over": "cam1:NumImages_RBV",
        "preset_time": "cam1:AcquireTime",
        "exposure": "cam1:AcquireTime_RBV",
        "preset_period": "cam1:AcquirePeriod",
        "period": "cam1:AcquirePeriod_RBV",
        "gain": "cam1:Gain_RBV",
        "made": "cam1:ArrayCounter_RBV",
        "camera_state": "cam1:DetectorState_RBV",
        "camera_message": "cam1:StatusMessage_RBV",
        "camera_port": "cam1:PortName_RBV",
        "camera_type": "cam1:DataType_RBV",
        "camera_width": "cam1:SizeX_RBV",
        "camera_height": "cam1:SizeY_RBV",
        "camera_left": "cam1:MinX_RBV",
        "camera_top": "cam1:MinY_RBV",
        "camera_bin_x": "cam1:BinX_RBV",
        "camera_bin_y": "cam1:BinY_RBV",
        "enabled": "HDF1:EnableCallbacks",
        "blocking": "HDF1:BlockingCallbacks",
        "listens_to": "HDF1:NDArrayPort",
        "width": "HDF1:ArraySizeX_RBV",
        "height": "HDF1:ArraySizeY_RBV",
        "data_type": "HDF1:DataType_RBV",
        "color_mode": "HDF1:ColorMode_RBV",
        "frame_id": "HDF1:UniqueId_RBV",
        "dropped": "HDF1:DroppedArrays_RBV",
        "file_path": "HDF1:FilePath",
        "file_path_exists": "HDF1:FilePathExists_RBV",
        "file_name": "HDF1:FileName",
        "file_template": "HDF1:FileTemplate",
        "file_number": "HDF1:FileNumber",
        "auto_increment": "HDF1:AutoIncrement",
        "write_mode": "HDF1:FileWriteMode",
        "lazy_open": "HDF1:LazyOpen",
        "swmr_mode": "HDF1:SWMRMode",
        "flush_every": "HDF1:NumFramesFlush",
        "num_capture": "HDF1:NumCapture",
        "capture": "HDF1:Capture",
        "capturing": "HDF1:Capture_RBV",
        "written": "HDF1:NumCaptured_RBV",
        "full_name": "HDF1:FullFileName_RBV",
        "write_status": "HDF1:WriteStatus",
        "write_message": "HDF1:WriteMessage",
    },
    "statistics": {
        "enabled": "EnableCallbacks",
        "listens_to": "NDArrayPort",
        "compute": "ComputeStatistics",
        "compute_centroid": "ComputeCentroid",
        "frame_id": "UniqueId_RBV",
        "total": "Total_RBV",
        "mean": "MeanValue_RBV",
        "maximum": "MaxValue_RBV",
        "sigma": "Sigma_RBV",
        "centroid_x": "CentroidX_RBV",
        "centroid_y": "CentroidY_RBV",
    },
    "region": {
        "enabled": "EnableCallbacks",
        "listens_to": "NDArrayPort",
        "left": "MinX",
        "top": "MinY",
        "width": "SizeX",
        "height": "SizeY",
    },
    "valve": {"indicator": "State", "tripped": "Trip"},
    "station_interlock": {"indicator": "State", "permit": "Permit", "sentence": "Status"},
    "foil": {"command": "", "indicator": "State"},
    "ion_chamber": {"gain": "Gain", "overload": "Overload"},
    "pulse_detector": {"dead_time": "DeadTime"},
    "ring": {
        "current": "Current",
        "mode": "Mode",
        "lifetime": "Lifetime",
        "topup_gate": "TopUpGate",
        "next_injection": "NextInjection",
        "electron_energy": "Energy",
    },
}

_SECOND = re.compile(r"\bsec\b")


def unit_of(served: str) -> str:
    """Return a unit as we write it: records say ``sec`` and ``deg/sec``."""
    return _SECOND.sub("s", served)


def pv_name(kind: str, attribute: str, prefix: str, channel: int | None = None) -> str:
    """Return the PV of a signal; `channel` is a scaler's, whose counts are ``.S<n>``."""
    if channel is not None:
        return f"{prefix}.S{channel}"
    return f"{prefix}{NAMES[kind][attribute]}"
