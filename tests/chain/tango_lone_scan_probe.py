"""Scans over one Tango axis while its server misbehaves; prints as JSON what became of each: ``… PORT``."""

import json
import sys
import threading
import time

import tango
from bluesky import RunEngine
from bluesky.plans import scan

from beam.facts import FineAngleAxis
from daq.errors import innermost
from devices.motor import MotorAxis

ADDRESS = f"tango://127.0.0.1:{sys.argv[1]}/test/axis/1#dbase=no"
POINTS = 15
NUMBERS = {"low": -500, "high": 500, "start": 0, "resolution": 0.001, "tolerance": 0.01, "velocity": 1e5}


def main() -> None:
    """Scan undisturbed, with a write that takes too long, and with the events cut off."""
    numbers = {f"{key}_urad{'_per_s' if key == 'velocity' else ''}": value for key, value in NUMBERS.items()}
    axis = MotorAxis(
        FineAngleAxis.model_validate(
            {**numbers, "acceleration_s": 0, "name": "test/axis/1", "tango": ADDRESS, "label": "axis", "source": {}}
        ),
        name="axis",
    )
    axis.wait_for_connection(timeout=20)
    server = tango.DeviceProxy(ADDRESS)
    engine = RunEngine({}, context_managers=[])

    def scanned(disturb=lambda: None) -> dict[str, object]:
        points: list[list[float]] = []

        def note(name: str, doc: dict) -> None:
            if name == "event":
                points.append([doc["data"]["axis"], doc["data"]["axis_setpoint"]])
                if len(points) == POINTS // 3:
                    disturb()

        began, said = time.monotonic(), "success"
        try:
            engine(scan([axis], axis, -70, 70, POINTS), note)
        except Exception as error:
            said = f"{type(innermost(error)).__name__}: {innermost(error)}"
        return {"said": said, "points": points, "took_s": time.monotonic() - began}

    found = {"undisturbed": scanned(), "late": scanned(lambda: server.BeLate(5.0))}
    axis.wait_for_connection(timeout=20)
    # the late write moves it all the same: it is let come to rest before the next scan
    pause = threading.Event()
    while axis.position != -20.0 or axis.moving:
        pause.wait(0.05)
    found["after it"] = scanned()
    found["cut off"] = scanned(server.CutEvents)
    found["still cut off"] = scanned()
    sys.stdout.write(json.dumps(found) + "\n")
    axis.destroy()


if __name__ == "__main__":
    main()
