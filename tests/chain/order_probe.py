"""What a client of pyepics sees after each of many completions; ``python -m tests.chain.order_probe POINTS``.

Three ways to know the counter's number of exposures after an exposure has completed: the bare value that the client
library has cached, a reading asked for after the completion, and the reading that our counter gives. Prints as JSON
how many of each were stale.
"""

import json
import sys

import epics
from bluesky import RunEngine
from bluesky.utils import Msg

import beamlines


def bare(points):
    """Count exposures with pyepics alone; return stale cached values and stale readings."""
    trigger, preset = epics.PV("BL09U:SC1.CNT"), epics.PV("BL09U:SC1.TP")
    monitored = epics.PV("BL09U:SC1:ExposureCount", auto_monitor=True)
    asked = epics.PV("BL09U:SC1:ExposureCount", auto_monitor=False)
    for pv in (trigger, preset, monitored, asked):
        assert pv.wait_for_connection(20), pv.pvname
    preset.put(0.0, wait=True)
    cached = read = 0
    first = asked.get()
    for point in range(1, points + 1):
        assert trigger.put(1, wait=True) == 1
        cached += monitored.value != first + point
        read += asked.get() != first + point
    for pv in (trigger, preset, monitored, asked):
        pv.disconnect()
    return {"cached": cached, "read": read}


def by_our_counter(points):
    """Count exposures with our counter under a run engine; return how many recorded readings were stale."""
    tree = beamlines.load("bl09u")
    tree.connect(20.0)
    counter = tree.counter
    number = counter.exposures.fetch().value
    stale = 0

    def plan():
        nonlocal stale
        for point in range(1, points + 1):
            yield Msg("trigger", counter, group="t")
            yield Msg("wait", None, group="t")
            # the number was published last: it is proven, or was asked for, with the channels
            stale += counter.exposures.sample.value != number + point

    RunEngine({}, context_managers=[])(plan())
    for device in tree.devices.values():
        device.destroy()
    return {"device": stale}


def main():
    points = int(sys.argv[1])
    sys.stdout.write(json.dumps({**bare(points), **by_our_counter(points)}) + "\n")


if __name__ == "__main__":
    main()
