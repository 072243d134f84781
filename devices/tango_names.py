"""Tango names of every kind of device: which attribute or command of a device each of its signals is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from beam.errors import ConfigError


class Part(Enum):
    """What of an attribute a signal is."""

    VALUE = "what is read"
    SETPOINT = "what was written last"
    MOVING = "whether the state is MOVING or RUNNING: 1 or 0"
    RESTING = "whether the state is neither MOVING nor RUNNING: 1 or 0"
    COMMAND = "a command without argument; any write executes it"
    ACTING = "whether the state is MOVING or RUNNING: 1 or 0; writing 1 executes Start, 0 Stop"


class Row(NamedTuple):
    """Where a signal is found.

    `moves`: writing it starts what ends when the state leaves MOVING or RUNNING. `on_demand`: it is neither subscribed
    nor polled, only read when it is asked for, as large arrays are.
    """

    name: str
    part: Part = Part.VALUE
    moves: bool = False
    on_demand: bool = False


STATE = "State"
START, STOP = "Start", "Stop"
COUNTS = "Counts"
"""With the number of a counter's channel: ``Counts2``."""

NAMES: dict[str, dict[str, Row]] = {
    "motor": {
        "readback": Row("Position"),
        "setpoint": Row("Position", Part.SETPOINT, moves=True),
        "at_rest": Row(STATE, Part.RESTING),
        "velocity": Row("Velocity"),
        "acceleration": Row("Acceleration"),
        "low_soft": Row("LowLimit"),
        "high_soft": Row("HighLimit"),
        "low_switch": Row("LowSwitch"),
        "high_switch": Row("HighSwitch"),
        "stop_motion": Row("Stop", Part.COMMAND),
    },
    "undulator_gap": {
        "readback": Row("Gap"),
        "setpoint": Row("Gap", Part.SETPOINT, moves=True),
        "velocity": Row("Velocity"),
        "moving_flag": Row(STATE, Part.MOVING),
        "permit": Row("Permit"),
        "sentence": Row("Status"),
        "stop_motion": Row("Stop", Part.COMMAND),
    },
    "undulator_axis": {
        "readback": Row("Position"),
        "setpoint": Row("Position", Part.SETPOINT, moves=True),
        "velocity": Row("Velocity"),
        "moving_flag": Row(STATE, Part.MOVING),
        "permit": Row("Permit"),
        "sentence": Row("Status"),
        "stop_motion": Row("Stop", Part.COMMAND),
    },
    "undulator": {"first_harmonic": Row("Energy"), "power": Row("Power")},
    "scaler": {
        "elapsed": Row("Elapsed"),
        "preset_time": Row("PresetTime"),
        "counting": Row(STATE, Part.ACTING, moves=True),
        "exposures": Row("Exposures"),
    },
    "ion_chamber": {"gain": Row("Gain"), "overload": Row("Overload")},
    # a profile move with gates: tables are spectra, which need no events
    "gate_unit": {
        "times": Row("Times", on_demand=True),
        "gate_mode": Row("GateMode"),
        "gate_axis": Row("GateAxis"),
        "gate_start": Row("GateStart", on_demand=True),
        "gate_step": Row("GateStep", on_demand=True),
        "gate_number": Row("GateNumber", on_demand=True),
        "shortest_gate": Row("ShortestGate"),
        "pass_number": Row("PassNumber"),
        "energy_spacing": Row("EnergySpacing"),
        "energy_offset": Row("EnergyOffset"),
        "energy_mirror_offset": Row("EnergyMirrorOffset"),
        "build": Row("Build", Part.COMMAND, moves=True),
        "build_status": Row("BuildStatus"),
        "build_message": Row("BuildMessage"),
        "execute": Row("Execute", moves=True),
        "execute_status": Row("ExecuteStatus"),
        "execute_message": Row("ExecuteMessage"),
        "abort_flight": Row("Abort", Part.COMMAND),
        "asked": Row("GatesAsked"),
        "made": Row("GatesMade"),
        "overloaded": Row("GatesOverloaded"),
        "stored": Row("RowsStored"),
        "waiting": Row("RowsWaiting"),
        "buffer_rows": Row("BufferRows"),
        "store_rate": Row("StoreRate"),
        "overflow": Row("Overflow"),
        "capture": Row("Capture", moves=True),
        "file_path": Row("FilePath"),
        "keep_rows": Row("KeepRows"),
        "full_name": Row("FullFileName"),
        "write_status": Row("WriteStatus"),
        "write_message": Row("WriteMessage"),
        **{f"trigger_{n}": Row(f"UseOutput{n}") for n in range(1, 9)},
        **{f"use_{n}": Row(f"UseAxis{n}") for n in range(1, 9)},
        **{f"positions_{n}": Row(f"Positions{n}", on_demand=True) for n in range(1, 9)},
        **{f"error_{n}": Row(f"FollowingError{n}") for n in range(1, 9)},
    },
    "shutter": {
        "indicator": Row("Indicator"),
        "permit": Row("Permit"),
        "open_command": Row("Open", Part.COMMAND, moves=True),
        "close_command": Row("Close", Part.COMMAND, moves=True),
    },
    "ring": {
        "current": Row("Current"),
        "mode": Row("Mode"),
        "lifetime": Row("Lifetime"),
        "topup_gate": Row("TopUpGate"),
        "next_injection": Row("NextInjection"),
        "electron_energy": Row("Energy"),
    },
}


def row_of(kind: str, attribute: str, address: str, channel: int | None = None) -> Row:
    """Return where a signal of a kind of device is found; `channel` is the number of a counter's.

    Raises
    ------
    ConfigError
        If devices of this kind do not speak Tango.
    """
    if kind not in NAMES:
        known = ", ".join(sorted(NAMES))
        raise ConfigError(f"{address}: a {kind} does not speak Tango; kinds that do: {known}. Give an EPICS prefix")
    return NAMES[kind][attribute] if channel is None else Row(f"{COUNTS}{channel}")
