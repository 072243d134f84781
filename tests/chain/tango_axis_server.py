"""A Tango motion axis without a database that can be made to misbehave: ``python tango_axis_server.py PORT``."""

import os
import socket
import sys
import threading

from tango import AttrWriteType, DevState, EnsureOmniThread
from tango.server import Device, attribute, command, run

MOTION_S = 0.02
PORT = int(sys.argv[1])


def number(name, value, *, writable=False):
    """Return an attribute that is a number."""
    options = {"access": AttrWriteType.READ_WRITE, "fset": lambda self, new: None} if writable else {}
    return attribute(name=name, dtype=float, unit="urad", fget=lambda self: value, **options)


class MotionAxis(Device):
    Velocity = attribute(dtype=float, unit="urad/s", access=AttrWriteType.READ_WRITE, fget=lambda self: 1e5)
    Acceleration = attribute(dtype=float, unit="s", access=AttrWriteType.READ_WRITE, fget=lambda self: 0.0)
    LowLimit, HighLimit = number("LowLimit", -500.0, writable=True), number("HighLimit", 500.0, writable=True)
    LowSwitch = attribute(dtype=int, fget=lambda self: 0)
    HighSwitch = attribute(dtype=int, fget=lambda self: 0)

    def init_device(self):
        super().init_device()
        self.position, self.target, self.late_s = 0.0, 0.0, 0.0
        self.instead = socket.socket()
        self.set_state(DevState.ON)
        for name in ("Position", "State", "LowSwitch", "HighSwitch", "Velocity", "Acceleration"):
            self.set_change_event(name, True, False)

    def write_Velocity(self, value):  # noqa: N802
        """Take no note of it."""

    def write_Acceleration(self, value):  # noqa: N802
        """Take no note of it."""

    @attribute(dtype=float, unit="urad", access=AttrWriteType.READ_WRITE, min_value=-500.0, max_value=500.0)
    def Position(self):  # noqa: N802
        return self.position

    @Position.write
    def write_position(self, value):
        late, self.late_s = self.late_s, 0.0
        threading.Event().wait(late)
        self.target = value
        self.set_state(DevState.MOVING)
        self.push_change_event("State")
        threading.Thread(target=self._move, args=(value,)).start()

    def _move(self, target):
        with EnsureOmniThread():
            threading.Event().wait(MOTION_S)
            self.position = target
            self.set_state(DevState.ON)
            self.push_change_event("Position", self.position)
            self.push_change_event("State")

    @command
    def Stop(self):  # noqa: N802
        """Nothing here moves long enough to be stopped."""

    @command(dtype_in=float)
    def BeLate(self, seconds):  # noqa: N802
        """Let the next write take so long."""
        self.late_s = seconds

    @command(dtype_out=int)
    def CutEvents(self):  # noqa: N802
        """Cut all sockets by which events go out, those that listen too; return how many there were."""
        cut = 0
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                with socket.socket(fileno=os.dup(int(descriptor))) as one:
                    if one.family != socket.AF_INET or one.getsockname()[1] == PORT:
                        continue
                    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        # closed behind the library's back, which would end the process if it failed
                        os.dup2(self.instead.fileno(), int(descriptor))
                    else:
                        one.shutdown(socket.SHUT_RDWR)
                    cut += 1
            except OSError:
                continue
        return cut


def ready():
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    options = ["-nodb", "-dlist", "test/axis/1", "-ORBendPoint", f"giop:tcp:127.0.0.1:{PORT}"]
    run((MotionAxis,), args=["axis", "1", *options], post_init_callback=ready, msg_stream=None)
