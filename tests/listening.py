"""The sockets by which processes can be reached, as the kernel lists them."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import NamedTuple

import psutil


class Reachable(NamedTuple):
    """One socket that listens (TCP), or that is bound and not connected to one peer (UDP)."""

    process: str
    protocol: str
    address: str
    port: int

    @property
    def on_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def family(*pids: int) -> list[psutil.Process]:
    """Return these processes and all that descend from them."""
    tops = [psutil.Process(pid) for pid in pids]
    return list(dict.fromkeys(one for top in tops for one in (top, *top.children(recursive=True))))


def reachable(processes: Iterable[psutil.Process]) -> list[Reachable]:
    """Return the sockets by which the processes can be reached."""
    found = []
    for process in processes:
        name = " ".join(process.cmdline()[1:])
        for one in process.net_connections(kind="inet"):
            tcp = one.type == socket.SOCK_STREAM
            if one.status == psutil.CONN_LISTEN if tcp else not one.raddr:
                found.append(Reachable(name, "tcp" if tcp else "udp", one.laddr.ip, one.laddr.port))
    return found
