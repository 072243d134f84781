"""A Channel Access repeater on loopback: it passes servers' beacons on to every client that registered.

``python -m ioc_sim.repeater DESCRIPTOR`` serves on a UDP socket that the parent bound. caproto's own repeater listens
on all interfaces and outlives its parent; this one does neither, and needs no caproto, so it starts in a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import Any

from ioc_sim import watch
from ioc_sim.sockets import LOOPBACK, bind_udp

_HEADER = struct.Struct(">HHHHII")
BEACON, CONFIRM, REGISTER = 13, 17, 24


class Repeater(asyncio.DatagramProtocol):
    """Registers clients (a REGISTER message or an empty one) and forwards everything else to them."""

    def __init__(self) -> None:
        self.clients: set[int] = set()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember how to answer."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Register the sender, or pass its message on."""
        command = _HEADER.unpack_from(data)[0] if len(data) >= _HEADER.size else REGISTER
        if command == REGISTER:
            self.clients = {port for port in self.clients if _in_use(port)} | {addr[1]}
            address = int.from_bytes(socket.inet_aton(LOOPBACK), "big")
            self._transport.sendto(_HEADER.pack(CONFIRM, 0, 0, 0, 0, address), addr)
            return
        for port in self.clients - {addr[1]}:
            self._transport.sendto(with_address(data), (LOOPBACK, port))


def with_address(data: bytes) -> bytes:
    """Fill in where a beacon comes from, if its server left that open."""
    command, size, kind, count, first, address = _HEADER.unpack_from(data)
    if command != BEACON or address:
        return data
    address = int.from_bytes(socket.inet_aton(LOOPBACK), "big")
    return _HEADER.pack(command, size, kind, count, first, address) + data[_HEADER.size :]


def _in_use(port: int) -> bool:
    try:
        bind_udp(port).close()
    except OSError:
        return True
    return False


async def _serve(sock: socket.socket) -> None:
    parent = watch.ParentWatch()
    parent.start()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    watch.end_on_signals(loop, ended.set)
    parent.call(lambda: loop.call_soon_threadsafe(ended.set))
    transport, _ = await loop.create_datagram_endpoint(Repeater, sock=sock)
    await ended.wait()
    transport.close()


if __name__ == "__main__":
    with contextlib.closing(socket.socket(fileno=int(sys.argv[1]))) as inherited:
        inherited.setblocking(False)
        asyncio.run(_serve(inherited))
