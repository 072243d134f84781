"""A Tango server without a database, for tests of signals: ``python tango_probe.py PORT``.

It has attributes of every quality, with and without events, one that cannot be read, and an axis that moves for ever.
"""

import sys
import threading
import time
from enum import IntEnum

from tango import AttrQuality, AttrWriteType, DevState, EnsureOmniThread
from tango.server import Device, attribute, command, run


class Valve(IntEnum):
    CLOSED = 0
    OPEN = 1


class Probe(Device):
    def init_device(self):
        super().init_device()
        self.level, self.goal, self.quality, self.shots = 1.5, 0.0, AttrQuality.ATTR_VALID, 0
        self.set_state(DevState.ON)
        for name in ("Level", "State", "Goal", "Side", "Words"):
            self.set_change_event(name, True, False)

    @attribute(
        dtype=float,
        access=AttrWriteType.READ_WRITE,
        unit="mm",
        format="%.3f",
        min_value=-5.0,
        max_value=5.0,
        max_alarm=4.0,
        min_warning=-3.0,
    )
    def Level(self):  # noqa: N802
        return self.level, time.time(), self.quality

    @Level.write
    def write_level(self, value):
        if value == 0.5:
            raise ValueError("half a level\ncannot be had")
        if value != 0.25:  # taken, and not kept
            self.level = value
        self.push_change_event("Level", self.level, time.time(), self.quality)

    @attribute(dtype=float, access=AttrWriteType.READ_WRITE, unit="mm")
    def Goal(self):  # noqa: N802
        return self.goal

    @Goal.write
    def write_goal(self, value):
        self.goal = value
        self.set_state(DevState.MOVING)
        self.push_change_event("State")

    @attribute(dtype=Valve)
    def Side(self):  # noqa: N802
        return Valve.OPEN

    @attribute(dtype=str)
    def Words(self):  # noqa: N802
        return "at rest"

    @attribute(dtype=int, unit="s")
    def Quiet(self):  # noqa: N802 - it has no events
        self._asked = getattr(self, "_asked", 0) + 1
        return self._asked

    @attribute(dtype=float)
    def Broken(self):  # noqa: N802
        raise RuntimeError("the sensor is unplugged")

    @attribute(dtype=[float], max_dim_x=4)
    def Many(self):  # noqa: N802
        return [1.0, 2.0]

    @attribute(dtype=((int,),), max_dim_x=4, max_dim_y=4)
    def Picture(self):  # noqa: N802
        return [[self.shots, 1, 2], [3, 4, 5]]

    @command
    def Shoot(self):  # noqa: N802
        if self.shots == 2:
            raise RuntimeError("no film")
        self.set_state(DevState.RUNNING)
        threading.Thread(target=self._expose).start()

    def _expose(self):
        with EnsureOmniThread():
            threading.Event().wait(0.05)
            self.shots += 1
            self.set_state(DevState.ON)
            self.push_change_event("State")

    @command(dtype_in=int)
    def Become(self, quality):  # noqa: N802
        self.quality = AttrQuality.values[quality]
        self.push_change_event("Level", self.level, time.time(), self.quality)

    @command
    def Arrive(self):  # noqa: N802
        self.set_state(DevState.ON)
        self.push_change_event("State")

    @command
    def ArriveUnheard(self):  # noqa: N802
        self.set_state(DevState.ON)

    @command
    def Stop(self):  # noqa: N802
        self.Arrive()


def ready():
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    port = sys.argv[1]
    options = ["-nodb", "-dlist", "test/probe/1", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
    run((Probe,), args=["probe", "1", *options], post_init_callback=ready, msg_stream=None)
