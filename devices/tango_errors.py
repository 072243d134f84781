"""What Tango's errors mean, in one line: a DevFailed is a stack of them, its first the cause."""

from __future__ import annotations

import tango

from beam.errors import UnknownName

NO_HOST = "TANGO_HOST is not set: it says where the Tango database is, as host:10000"
LOST = frozenset(
    {
        "API_CantConnectToDevice",
        "API_CommunicationFailed",
        "API_CorbaException",
        "API_DeviceNotExported",
        "API_DeviceTimedOut",
        "API_ServerNotRunning",
    }
)
"""Reasons that say nothing about the question, only that nobody answered it."""


CORBA = "API_CorbaException"
IN_WORDS = {
    "CallTimedout": "it did not answer in time",
    "ConnectFailed": "nobody answers there",
    "TRANSIENT": "the connection broke",
    "COMM_FAILURE": "the connection broke",
}


def first_line(error: tango.DevFailed) -> str:
    """Return the cause in one line."""
    if not error.args:
        return "unknown Tango error"
    cause = error.args[0]
    if str(cause.reason) == CORBA:
        # its own words are those of the library beneath
        return next((words for part, words in IN_WORDS.items() if part in str(cause.desc)), "the connection failed")
    lines = [one.strip() for one in str(cause.desc).splitlines() if one.strip()]
    return lines[0] if lines else str(cause.reason)


def is_lost(error: tango.DevFailed) -> bool:
    """Return whether the device did not answer, rather than refuse."""
    return any(str(one.reason) in LOST for one in error.args)


def why_unreachable(error: tango.DevFailed, address: str) -> str:
    """Say why a device could not be reached: which host, which name, which names there are."""
    reasons = {str(one.reason) for one in error.args}
    where = host_of(address)
    if "DB_DeviceNotDefined" in reasons:
        return f"{_unknown(address)} (database {where})"
    if any("database" in str(one.desc).lower() and "connect" in str(one.desc).lower() for one in error.args):
        return f"no Tango database answers at {where}"
    if reasons & LOST and address.endswith("#dbase=no"):
        return f"no server answers at {where}"
    if reasons & LOST:
        return f"its server does not run, says the database {where}"
    return first_line(error)


def host_of(address: str) -> str:
    """Return host and port of the database, or of the server without one, that knows `address`."""
    if address.startswith("tango://"):
        return address.removeprefix("tango://").split("/")[0]
    # also from the files in which Tango looks for it
    return str(tango.ApiUtil.get_env_var("TANGO_HOST") or "")


def _unknown(address: str) -> str:
    host, _, port = host_of(address).rpartition(":")
    name = "/".join(address.split("/")[-3:])
    try:
        known = list(tango.Database(host, int(port)).get_device_exported("*").value_string)
    except (tango.DevFailed, ValueError):
        known = []
    return str(UnknownName("Tango device", name, (one for one in known if not one.startswith(("dserver/", "sys/")))))
