"""Moves of an axis that take no time, heard of by another client; prints as JSON what each of them found.

``… CONFIG``
"""

import json
import sys
import threading
from pathlib import Path

from ioc_sim.launch import Simulation

MOVES = 400


def main(config: Path) -> None:
    """Move to and fro; the last place is that of no other move."""
    with Simulation("bl09u", config=config, time_scale=1000.0, seed=1, sample="none") as running:
        import os

        os.environ.update(running.environment)
        import tango

        from beam import facts
        from devices import MotorAxis
        from devices.deadlines import set_time_scale

        set_time_scale(1000.0)
        axis = MotorAxis(facts.load("bl09u", config)[1].devices["dcm"].pitch, name="pitch")
        axis.wait_for_connection(timeout=20.0)
        heard: list[float] = []
        states: list[str] = []
        over = threading.Event()

        def note(event: tango.EventData) -> None:
            if event.err:
                return
            heard.append(event.attr_value.value)
            if event.attr_value.value == 100.0:
                over.set()

        other = tango.DeviceProxy("bl09u/dcm/pitch")
        for name, take in (
            ("Position", note),
            ("State", lambda event: event.err or states.append(str(event.attr_value.value))),
        ):
            other.subscribe_event(name, tango.EventType.CHANGE_EVENT, take)
        places = [*(float(number % 7 - 3) for number in range(MOVES)), 100.0]
        arrived: list[float] = []
        for place in places:
            axis.set(place).wait(20.0)
            arrived.append(axis.position)
        complete = over.wait(20.0)
        state = str(other.state())
        axis.destroy()
    changes = [here for before, here in zip([None, *heard], heard, strict=False) if here != before]
    print(
        json.dumps(
            {
                "places": places,
                "arrived": arrived,
                "heard": changes,
                "complete": complete,
                "states": [*states[-1:], state],
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
