"""Scans at a beamline of two protocols while its servers misbehave; prints as JSON what became of each.

``… CONFIG DATA``
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from daq.options import SimOptions
from daq.session import open_session

POINTS = 9


def main(config: Path, data: Path) -> None:
    """Scan with the server rebooted, frozen, killed, and with a second client that moves the axis meanwhile."""
    options = SimOptions("bl09u", config=config, time_scale=10.0, seed=1, sample="none")
    said: list[str] = []
    with open_session("bl09u", config=config, simulate=options, data=data, say=said.append) as session:
        import tango
        from bluesky.plans import scan

        from daq.engine import execute
        from daq.errors import RunNotSuccessful

        faults, tree = session.simulation.faults, session.tree
        pitch = tree.dcm.pitch
        other = tango.DeviceProxy("bl09u/dcm/pitch")

        def scanned(begin=lambda: None, *, on_the_way=False) -> dict[str, Any]:
            points: list[float] = []

            def note(name: str, doc: dict) -> None:
                if name == "event" and "i0" in doc["data"]:
                    points.append(doc["data"]["dcm_pitch"])
                    if len(points) == 3 and not on_the_way:
                        begin()

            def watch(message: Any) -> None:
                if on_the_way and len(points) == 3 and message.command == "set" and message.obj is pitch:
                    # what it starts is under way when another thread looks
                    threading.Thread(target=begin).start()

            session.engine.msg_hook = watch
            try:
                outcome, words = execute(session.engine, scan([tree.counter], pitch, -400, 400, POINTS), note), ""
            except RunNotSuccessful as error:
                outcome, words = error.outcome, str(error)
            finally:
                session.engine.msg_hook = None
            return {"exit_status": outcome.exit_status, "said": words, "points": points}

        def elsewhere() -> None:
            end, pause = time.monotonic() + 10.0, threading.Event()
            while other.state() != tango.DevState.MOVING and time.monotonic() < end:
                pause.wait(0.002)
            other.write_attribute("Position", 450.0)

        found = {"undisturbed": scanned()}
        for fault, how in (("server_rebooted", {"down_s": 2.0}), ("server_frozen", {})):
            found[fault] = scanned(lambda fault=fault, how=how: faults.set(fault, "beamline", **how))
            faults.clear()
            end, pause = time.monotonic() + 60.0, threading.Event()
            while tree.absent() and time.monotonic() < end:
                pause.wait(0.1)
            found[f"after {fault}"] = scanned()
        found["two clients"] = scanned(elsewhere, on_the_way=True)
        while other.state() == tango.DevState.MOVING:
            threading.Event().wait(0.02)
        found["after two clients"] = scanned()
        # at last: nothing was saved, so where its axes are is not what their records say
        found["server_killed"] = scanned(lambda: faults.set("server_killed", "beamline"))
    sys.stdout.write(json.dumps(found | {"remarks": said}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
