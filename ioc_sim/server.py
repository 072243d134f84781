"""The Channel Access server: caproto's, with monitors and responses in order, bound to loopback on one port.

What differs from caproto's own Context, and why (all of it measured):

- sockets are made with IPPROTO_TCP, so that asyncio turns Nagle's algorithm off: with it a response takes 40 ms;
- a published value reaches the circuits at once instead of through a queue and a batching loop of 10 ms;
- arrays are not copied on their way, and large ones go out in pieces (see `ioc_sim.arrays`, `ioc_sim.outgoing`);
- the port that was asked for is taken, or the server says that it is in use: never another one;
- a beacon that nobody hears is no error.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import caproto as ca
from caproto.asyncio.server import Context
from caproto.asyncio.utils import _DatagramProtocol, _UdpTransportWrapper  # pyright: ignore[reportPrivateUsage]

from ioc_sim import arrays
from ioc_sim.channels import Channel
from ioc_sim.circuit import OrderedCircuit
from ioc_sim.packed import Packed, queue_update, update_of
from ioc_sim.pause import Pause
from ioc_sim.sockets import LOOPBACK, bind_pair, bind_udp, reserve

Pair = tuple[socket.socket, socket.socket]

LARGE = 1 << 16
"""Bytes of an update beyond which a subscription's quota is counted in bytes."""
MOST_LARGE = 1 << 25
"""Bytes of large updates of one subscription that may wait for a slow client."""


class _StraightThrough:
    """Takes the place of the context's queue of updates: each goes straight to the circuits' pending lists."""

    def __init__(self, context: OrderedContext) -> None:
        self._context = context

    async def put(self, update: Any) -> None:
        await self._context.dispatch(update)


class OrderedContext(Context):
    """A Channel Access server on loopback.

    Parameters
    ----------
    pvdb : Mapping[str, ChannelData]
        What it serves; `NAME.FIELD` may be keys too.
    port : int
        TCP and UDP port; 0 takes a free one, found in `port` once `on_ready` is called.
    sockets : tuple[socket, socket], optional
        A listening TCP and a UDP socket on one port, bound by `ioc_sim.sockets.bind_pair`; instead of `port`.
    shuffled : bool
        Deliver completions ahead of the monitors they follow (see `ioc_sim.circuit`).
    on_ready : Callable[[], None], optional
        Called when clients can connect.
    pause : Pause, optional
        Whether time stands still, and puts wait.

    Attributes
    ----------
    deaf : bool
        Whether searches go unanswered.
    delay_s : float
        How late everything is sent (s of wall time).
    """

    CircuitClass = OrderedCircuit

    def __init__(
        self,
        pvdb: Mapping[str, ca.ChannelData],
        *,
        port: int = 0,
        sockets: Pair | None = None,
        shuffled: bool = False,
        on_ready: Callable[[], None] | None = None,
        pause: Pause | None = None,
    ) -> None:
        # caproto reads the beacons' destination from the environment, and would broadcast if it found none
        os.environ["EPICS_CAS_BEACON_ADDR_LIST"] = LOOPBACK
        os.environ["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] = "NO"
        arrays.install()
        super().__init__(dict(pvdb), [LOOPBACK])
        for name, channel in pvdb.items():
            if isinstance(channel, Channel):
                channel.name = name
        self.ca_server_port = port
        self._sockets = sockets
        self.shuffled = shuffled
        self.on_ready = on_ready
        self.pause = pause or Pause()
        self.deaf = False
        self.delay_s = 0.0
        self.subscription_queue = _StraightThrough(self)
        self._udp: socket.socket | None = None

    def drop_circuits(self) -> None:
        """Close all circuits."""
        for circuit in list(self.circuits):
            circuit.client.writer.transport.abort()

    def send_late_now(self) -> None:
        """Send what a delay still holds back."""
        for circuit in list(self.circuits):
            circuit.out.flush()

    def reserve_port(self) -> tuple[int, int]:
        """Refuse connections from now on, but keep the port: return the sockets for a process that will serve on it."""
        udp = self.udp_socks[LOOPBACK].transport.get_extra_info("socket")
        return reserve(self.tcp_sockets[LOOPBACK], udp)

    async def dispatch(self, update: Any) -> None:
        """Hand one published value to all circuits that subscribed to it."""
        await self._subscription_queue_iteration(*update)

    async def _subscription_queue_send(self, sub_spec: Any, sub: Any, metadata: Any, values: Any, flags: int) -> None:
        if isinstance(values, Packed):
            if (update := update_of(sub, metadata, values)) is not None:
                await queue_update(sub_spec, sub, update)
                return
            values = values.values
        size = getattr(values, "nbytes", 0)
        if size > LARGE:
            most = min(sub.db_entry.max_subscription_backlog, max(1, MOST_LARGE // size))
            sub.circuit.unexpired_updates.setdefault(sub.subscriptionid, deque(maxlen=most))
        await super()._subscription_queue_send(sub_spec, sub, metadata, values, flags)

    async def subscription_queue_loop(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing to do: there is no queue."""

    async def broadcast_beacon_loop(self) -> NoReturn:
        """Announce the server to whoever listens on the beacon port; the first call means that it is ready."""
        if self.on_ready:
            self.on_ready()
        period_s, longest_s = 0.02, float(self.environ["EPICS_CAS_BEACON_PERIOD"])
        while True:
            for interface, beacons in self.beacon_socks.values():
                beacon = self.broadcaster.send(ca.Beacon(13, self.port, self.beacon_count, interface))
                with contextlib.suppress(OSError, ca.CaprotoNetworkError):
                    await beacons.send(beacon)
            self.beacon_count += 1
            await asyncio.sleep(period_s)
            period_s = min(longest_s, period_s * 2)

    async def _broadcaster_recv_datagram(self, bytes_received: bytes, address: Any) -> None:
        if not self.deaf:
            await super()._broadcaster_recv_datagram(bytes_received, address)

    async def _bind_tcp_sockets_with_consistent_port_number(
        self, make_socket: Any
    ) -> tuple[int, dict[str, socket.socket]]:
        tcp, self._udp = self._sockets or bind_pair(self.ca_server_port)
        self.ca_server_port = tcp.getsockname()[1]
        return self.ca_server_port, {LOOPBACK: tcp}

    async def _create_broadcaster_transport(self, interface: str) -> None:
        """Answer searches on the UDP socket that was bound together with the TCP one."""
        sock = self._udp or bind_udp(self.ca_server_port)
        self._udp = None
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            functools.partial(
                _DatagramProtocol, parent=self, identifier=interface, queue=self.broadcaster_datagram_queue
            ),
            sock=sock,
        )
        self.udp_socks[interface] = _UdpTransportWrapper(transport)
