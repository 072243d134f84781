"""One client's connection, with its messages in order.

Stock caproto puts monitors in a queue that is batched for 10 ms while responses go out at once, so the completion of a
put overtakes the monitors it caused. Here there is one list of pending monitors per circuit, and anything else that is
sent flushes it first:

=====================  ==================================  =====================================
event                  ordered                             shuffled
=====================  ==================================  =====================================
a value is published   joins the pending list; the list    joins the pending list; the list is
                       is flushed in the same turn of the  flushed `HOLD_S` later
                       event loop
a put completes        list, then completion: one write    completion; the list 1 ms later
any other response     list, then response: one write      response only
the client is slow     pending monitors stay in the list; beyond its quota a subscription drops its
                       oldest (kept from caproto; for large arrays the quota is counted in bytes)
=====================  ==================================  =====================================

`shuffled` is what a real IOC is allowed to do: clients must not rely on the monitor coming first.

While time is paused a put waits, and is stored, published and acted upon when time goes on.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from typing import Any

import caproto as ca
from caproto.asyncio.server import VirtualCircuit
from caproto.server.common import DisconnectedCircuit

from ioc_sim.lateness import LateWriter
from ioc_sim.outgoing import Outgoing
from ioc_sim.pause import Pause

HOLD_S = 0.02
"""How long a shuffled circuit holds monitors back while no put completes."""
AFTER_COMPLETION_S = 0.001
SLOW_BYTES = 1 << 20
"""Monitors stay in the pending list while more than this waits for the client to take it."""
MOST_PENDING = 10_000


class PendingUpdates:
    """The monitors of one circuit that are not yet sent; holds weak references, as caproto's quota wants it."""

    def __init__(self, circuit: OrderedCircuit) -> None:
        self._circuit = circuit
        self._references: list[weakref.ref[Any]] = []

    async def put(self, reference: weakref.ref[Any]) -> None:
        """Append one update; never waits."""
        if len(self._references) >= MOST_PENDING:
            raise asyncio.QueueFull
        self._references.append(reference)
        self._circuit.flush_soon()

    def clear(self) -> None:
        """Drop everything."""
        self._references.clear()

    def take(self) -> list[Any]:
        """Return the updates that are still wanted, and forget them all."""
        references, self._references = self._references, []
        return [update for reference in references if (update := reference()) is not None]

    def __len__(self) -> int:
        return len(self._references)


class NoWriteLock:
    """Stands in for caproto's event "no put is running": readers here never wait for a motion to end."""

    def set(self) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""

    def is_set(self) -> bool:
        """Return True: nobody needs to wait."""
        return True

    async def wait(self, timeout: float | None = None) -> bool:
        """Return at once."""
        return True


class OrderedCircuit(VirtualCircuit):
    """A circuit that sends a put's monitors before its completion, and everything without delay."""

    def __init__(self, circuit: Any, client: Any, context: Any) -> None:
        super().__init__(circuit, client, context)
        self._pause: Pause = context.pause
        self.subscription_queue = PendingUpdates(self)
        self.write_event = NoWriteLock()
        self.outgoing = Outgoing(client.writer, self.tasks.create)
        self.out = LateWriter(self.outgoing, lambda: context.delay_s)
        self.shuffled: bool = context.shuffled
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._draining = False
        self._waits_for_time = False

    async def run(self) -> None:
        """Start: commands are handled by `recv` itself, so there are no queue loops to start."""
        self.events_on.set()

    async def recv(self) -> None:
        """Read what the client sent and handle it, command by command."""
        try:
            received = await self.client.recv(1 << 16)
        except (OSError, ca.CaprotoNetworkError):
            received = b""
        if not received:
            await self._on_disconnect()
            self.circuit.disconnect()
            raise DisconnectedCircuit
        commands, _ = self.circuit.recv(received)
        for command in commands:
            if isinstance(command, ca.VersionRequest) and self.circuit.priority is not None:
                # libca heads each search that it sends to a name server with the version, and with a sequence number
                # where the first such message has the priority; caproto would take that for another priority
                continue
            response = await self._command_queue_iteration(command)
            if response:
                await self.send(*response)

    async def _start_write_task(self, handle_write: Any) -> None:
        self.tasks.create(self._when_time_goes_on(handle_write) if self._waits_for_time else handle_write())
        # One turn of the loop: the put is stored and published before the client's next command is looked at.
        await asyncio.sleep(0)

    async def _when_time_goes_on(self, handle_write: Any) -> None:
        await self._pause.until_running()
        await handle_write()

    async def send(self, *commands: Any) -> None:
        """Send responses, behind all monitors that were published before them."""
        if not self.connected:
            return
        completes = any(isinstance(command, ca.WriteNotifyResponse) for command in commands)
        if self.shuffled:
            self._write([], commands)
            if completes and len(self.subscription_queue):
                self._restart_timer(AFTER_COMPLETION_S)
        else:
            self._cancel_timer()
            self._write(self._wanted(), commands)
        try:
            await self.outgoing.drain()
        except OSError as error:
            raise DisconnectedCircuit(str(error)) from error

    def flush_soon(self) -> None:
        """See that the pending list is sent: in this turn of the loop, or later when shuffled."""
        if self._timer is not None or self._draining or not self.connected:
            return
        self._timer = self._loop.call_later(HOLD_S, self._flush) if self.shuffled else self._loop.call_soon(self._flush)

    def _restart_timer(self, delay_s: float) -> None:
        self._cancel_timer()
        self._timer = self._loop.call_later(delay_s, self._flush)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _flush(self) -> None:
        self._timer = None
        if not self.connected:
            return
        if self.outgoing.backlog > SLOW_BYTES:
            self._draining = True
            self.tasks.create(self._flush_when_drained())
            return
        if updates := self._wanted():
            self._write(updates, ())

    async def _flush_when_drained(self) -> None:
        try:
            await self.outgoing.drain()
        except OSError:
            return
        finally:
            self._draining = False
        self._flush()

    def _wanted(self) -> list[Any]:
        """Take the pending updates, without those of subscriptions that were cancelled meanwhile."""
        updates = self.subscription_queue.take()
        if not updates:
            return updates
        # Sent updates no longer count against the quota of their subscription.
        self.unexpired_updates.clear()
        return [update for update in updates if self._is_live(update.subscriptionid)]

    def _is_live(self, subscription: int) -> bool:
        """Whether a subscription, and its channel, still exist."""
        added = self.circuit.event_add_commands.get(subscription)
        if added is None or subscription in self.circuit.event_cancel_commands:
            return False
        return added.sid in self.circuit.channels_sid

    def _write(self, updates: list[Any], responses: Sequence[Any]) -> None:
        """Write both in one go. Updates change no state of the protocol, so they need not pass its state machine."""
        buffers: list[Any] = []
        for update in updates:
            buffers.append(memoryview(update.header))
            buffers.extend(update.buffers)
        buffers.extend(self.circuit.send(*responses))
        self.out.write(buffers)

    async def _process_command(self, command: Any) -> Any:
        if isinstance(command, ca.ClearChannelRequest):
            # caproto looks for the subscriptions of a cleared channel by the wrong key, and finds none
            channel = self.circuit.channels_sid[command.sid]
            await self._cull_subscriptions(None, lambda sub: sub.channel is channel)
        if isinstance(command, ca.WriteRequest | ca.WriteNotifyRequest):
            name = self.circuit.channels_sid[command.sid].name
            self._waits_for_time = self._pause.holds(name)
        return await super()._process_command(command)

    async def _on_disconnect(self) -> None:
        self._cancel_timer()
        self.out.forget()
        self.subscription_queue.clear()
        self.outgoing.forget()
        await super()._on_disconnect()
