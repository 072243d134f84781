"""What devices refuse, and what went wrong with them: one clear line each."""

from __future__ import annotations

from beam.errors import TerasuError


class DeviceError(TerasuError):
    """Something about a device."""


class NotConnected(DeviceError):
    """A device whose server does not answer, or that lost its connection while it was needed."""


class NotAllowed(DeviceError):
    """A command that makes no sense in the state that the device is in."""


class NotPermitted(DeviceError):
    """A motion that an interlock or a permission forbids now."""


class Busy(DeviceError):
    """A device that is still at what it was asked before."""


class TimedOut(DeviceError):
    """A wait that passed its deadline: names the device, what it waited for, and the last value seen."""


class MoveFailed(DeviceError):
    """A motion that ended, but not where it was asked to end."""


class Stopped(DeviceError):
    """A motion or exposure that was stopped before its end."""


class NotTaken(DeviceError):
    """A value that the server did not take over."""


class NoLight(DeviceError):
    """Axes that stand where no light comes through."""


class BadReading(DeviceError):
    """A reading that may not be recorded: invalid, not a number, or not of this trigger."""


class Overloaded(BadReading):
    """A detector whose amplifier was overloaded during the exposure."""
