"""Channel Access names of every kind of device: what is appended to a device's prefix for each of its signals."""

from __future__ import annotations

import re

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
    "undulator": {"first_harmonic": "Energy", "power": "Power"},
    "shutter": {"indicator": "State", "permit": "Permit", "open_command": "Open", "close_command": "Close"},
    # EPICS scaler record, with a count of exposures beside it
    "scaler": {"exposures": ":ExposureCount", "counting": ".CNT", "preset_time": ".TP", "elapsed": ".T"},
    "file_detector": {
        "acquire": "Acquire",
        "num_images": "NumImages",
        "preset_time": "ExposureTime",
        "directory": "FilePath",
        "directory_exists": "FilePathExists_RBV",
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
    "ion_chamber": {"gain": "Gain", "overload": "Overload"},
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
