"""Serves one face of every format without a database: ``python tango_face_probe.py PORT``; ends with its input."""

import sys
import time

import numpy as np

from beam.errors import TerasuError
from daq.tango_export.database import NoDatabase
from daq.tango_export.face import Act, Face, Form, Reading, Shown
from daq.tango_export.server import Server
from devices.state import State, Stated

LEVELS = {"alarm": {"low": None, "high": 4.0}, "warning": {"low": -3.0, "high": 3.0}}


class Device:
    """What the face shows: a level that can be set, and a touch for each change."""

    def __init__(self):
        self.level, self.severity, self.fails = 1.5, 0, False
        self.touch = lambda _: None

    def read(self):
        if self.fails:
            raise TerasuError("the sensor …\nis unplugged")
        return Reading(self.level, time.time(), self.severity, self.level)

    def take(self, value):
        if value == 0.25:
            raise TerasuError("level 0.25 mm: not today")
        self.level = value
        self.touch("Level")

    def fail(self):
        self.fails = not self.fails
        self.touch("Level")

    def alarm(self):
        self.severity = (self.severity + 1) % 4
        self.touch("Level")

    def watch(self, touch):
        self.touch = touch
        return lambda: None


def main(port):
    device = Device()

    def shown():
        return [
            Shown("Level", "float", device.read, lambda: Form("mm", 3, -5.0, 5.0, LEVELS), device.take, label="level"),
            Shown("Counts", "int", lambda: Reading(np.int64(7), 1.0)),
            Shown("Valve", "enum", lambda: Reading(1, 1.0), enum=("Closed", "Open")),
            Shown("Words", "string", lambda: Reading("so it is", 1.0)),
            Shown("Spectrum", "int", lambda: Reading(np.arange(5), 1.0), shape=(5,)),
            Shown("Image", "float", lambda: Reading(np.arange(6.0).reshape(2, 3), 1.0), shape=(2, 3)),
        ]

    acts = {"Fail": Act("The sensor breaks, or works again.", device.fail), "Alarm": Act("Worse.", device.alarm)}
    face = Face("x/face/1", "Probe", shown, lambda: Stated(State.STANDBY, "waits …"), lambda: None, device.watch, acts)
    with NoDatabase(port).opened("Probe", "1", [face]) as open_at:
        server = Server([face], open_at, "probe")
        server.start()
        sys.stdout.write(server.address(face.name) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
