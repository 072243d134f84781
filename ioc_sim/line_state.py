"""Where the hardware of a beamline stands: what a server's end does not change."""

from __future__ import annotations

from typing import Any

from beam.line_base import LineBase


def state_of(line: LineBase) -> dict[str, Any]:
    """Return where axes and foils stand, what is open, how amplifiers are set, how many exposures there were."""
    return {
        "axes": {name: axis.position for name, axis in line.axes.items()},
        "open": dict(line.open),
        "gain_v_per_a": dict(line.gain_v_per_a),
        "exposures": line.exposures,
        "foils": {name: dict(inserted) for name, inserted in line.inserted.items()},
    }


def set_state(line: LineBase, state: dict[str, Any]) -> None:
    """Put a new line's hardware there."""
    for name, position in state["axes"].items():
        line.axes[name].move_to(position)
    line.open.update(state["open"])
    line.gain_v_per_a.update(state["gain_v_per_a"])
    line.exposures = state["exposures"]
    for name, inserted in state["foils"].items():
        line.inserted[name].update(inserted)
