"""Which names a simulation for everybody serves: a second one for the same names would answer half of the searches.

A simulation that only its own clients find, on free ports and with a token, claims nothing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import caproto as ca

from ioc_sim import announce
from ioc_sim.errors import AlreadyServed
from ioc_sim.sockets import LOOPBACK

PORT = 5064
"""Where clients look for servers that they were told nothing about."""
ANSWER_S = 0.3
"""Wall time within which a server on this machine answers a search."""


@contextlib.contextmanager
def claimed(what: str, prefixes: Sequence[str]) -> Iterator[None]:
    """Claim all names that begin with these prefixes, as long as this lasts and this process lives.

    Raises
    ------
    AlreadyServed
        If another process of this user has claimed them, or a simulated server answers where clients look.
    """
    with contextlib.ExitStack() as stack:
        for prefix in prefixes:
            stack.enter_context(_claim(what, prefix))
        for prefix in prefixes:
            for address in _addresses():
                if answers(address, f"{prefix}SIM:Simulated"):
                    raise AlreadyServed(prefix, f"by a server on {address[0]}:{address[1]}")
        yield


@contextlib.contextmanager
def _claim(what: str, prefix: str) -> Iterator[None]:
    # The file stays: who removed it might remove the one that another process has just locked.
    path = announce.made() / f"names-{quote(prefix, safe='')}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise AlreadyServed(prefix, _owner(file.read())) from None
        file.truncate()
        json.dump({"what": what, "pid": os.getpid()}, file)
        file.flush()
        yield


def _owner(text: str) -> str:
    try:
        owner = json.loads(text)
        return f"by `terasu sim {owner['what']}` (pid {owner['pid']})"
    except (ValueError, KeyError, TypeError):
        return "by another process"  # which has not yet written who it is


def answers(address: tuple[str, int], pv: str) -> bool:
    """Return whether a Channel Access server at an address of loopback says that it serves a PV."""
    broadcaster = ca.Broadcaster(our_role=ca.CLIENT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(ANSWER_S)
        try:
            udp.connect(address)
            request = ca.VersionRequest(priority=0, version=ca.DEFAULT_PROTOCOL_VERSION), ca.SearchRequest(pv, 1, 13)
            udp.send(broadcaster.send(*request))
            commands = broadcaster.recv(udp.recv(1 << 16), address)
        except OSError:  # nobody is there, or nobody answers
            return False
    return any(isinstance(one, ca.SearchResponse) for one in commands)


def _addresses() -> list[tuple[str, int]]:
    """Return where clients look on this machine."""
    standard = int(os.environ.get("EPICS_CA_SERVER_PORT") or PORT)
    found = [(LOOPBACK, standard)]
    for word in os.environ.get("EPICS_CA_ADDR_LIST", "").split():
        host, _, port = word.partition(":")
        if host in (LOOPBACK, "localhost") and (not port or port.isdecimal()):
            found.append((LOOPBACK, int(port or standard)))
    return list(dict.fromkeys(found))
