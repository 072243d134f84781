"""Sockets on loopback; no other address is ever bound."""

from __future__ import annotations

import os
import socket

from ioc_sim.errors import PortInUse

LOOPBACK = "127.0.0.1"
BACKLOG = 100


def bind_pair(port: int) -> tuple[socket.socket, socket.socket]:
    """Bind a listening TCP and a UDP socket to the same port of loopback.

    Raises
    ------
    PortInUse
        If another process has either; port 0 looks for a free pair instead.
    """
    for _ in range(50):
        # proto must not be 0: asyncio sets TCP_NODELAY on what it accepts only if it reads IPPROTO_TCP here
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.setblocking(False)
            tcp.bind((LOOPBACK, port))
            tcp.listen(BACKLOG)
            return tcp, bind_udp(tcp.getsockname()[1])
        except OSError as error:
            tcp.close()
            if port:
                raise PortInUse(port) from error
    raise PortInUse(port)


def bind_udp(port: int) -> socket.socket:
    """Bind a UDP socket that shares its port with nobody: two servers on one port would hide each other's names."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDP)
    try:
        udp.setblocking(False)
        udp.bind((LOOPBACK, port))
    except OSError:
        udp.close()
        raise
    return udp


def adopt_pair(descriptors: tuple[int, int]) -> tuple[socket.socket, socket.socket]:
    """Take over the sockets that a parent bound with `bind_pair`, or a predecessor kept with `reserve`."""
    tcp, udp = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    for one in (tcp, udp):
        one.setblocking(False)
        one.set_inheritable(False)
    tcp.listen(BACKLOG)
    return tcp, udp


def hold_port() -> socket.socket:
    """Take a free TCP port without listening on it: meanwhile nobody is given it, but a child can still bind it."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((LOOPBACK, 0))
    return tcp


def reserve(tcp: socket.socket, udp: socket.socket) -> tuple[int, int]:
    """Stop listening, and return descriptors that keep the port for whoever takes this process's place."""
    address = tcp.getsockname()
    tcp.close()
    keeper = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(address)
    for descriptor in (keeper.fileno(), udp.fileno()):
        os.set_inheritable(descriptor, True)
    return keeper.detach(), udp.fileno()
