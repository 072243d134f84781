"""One Channel Access circuit to the ring server, on top of caproto's protocol state machine: no sockets here."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import caproto as ca

from ioc_sim.errors import RingLost
from ioc_sim.sockets import LOOPBACK


class RingSession:
    """The circuit from its opening to its end.

    Attributes
    ----------
    time_s : float or None
        The ring's time when the circuit was opened, once the event list has arrived, too.
    events : deque[str]
        Event lists that arrived and were not yet taken.
    pauses : deque[str]
        Likewise, the states of `SIM:Pause`.
    """

    def __init__(self, prefix: str, port: int, writer: asyncio.StreamWriter) -> None:
        self.time_s: float | None = None
        self.events: deque[str] = deque()
        self.pauses: deque[str] = deque()
        self._port = port
        self._writer = writer
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._circuit = ca.VirtualCircuit(ca.CLIENT, (LOOPBACK, port), 0)
        self._circuit.our_address = writer.get_extra_info("sockname")
        self._time = ca.ClientChannel(f"{prefix}Time", self._circuit)
        self._events = ca.ClientChannel(f"{prefix}Events", self._circuit)
        self._pause = ca.ClientChannel(f"{prefix}Pause", self._circuit)
        self._fault = ca.ClientChannel(f"{prefix}Fault", self._circuit)
        self._pause_number: int | None = None
        self._send(
            ca.VersionRequest(version=ca.DEFAULT_PROTOCOL_VERSION, priority=0),
            ca.HostNameRequest("localhost"),
            ca.ClientNameRequest("beamline"),
        )

    def put(self, time_s: float) -> asyncio.Future[None]:
        """Write the time (s); the future is done when the ring has followed, or failed with RingLost."""
        return self._put(self._time.write([time_s], data_type=ca.ChannelType.DOUBLE, data_count=1, notify=True))

    def put_pause(self, state: str) -> asyncio.Future[None]:
        """Let the ring's time stand still, or go on; the future is as for `put`."""
        text = [state.encode()]
        return self._put(self._pause.write(text, data_type=ca.ChannelType.STRING, data_count=1, notify=True))

    def put_fault(self, command: str) -> asyncio.Future[None]:
        """Write a command to `SIM:Fault`; the future is as for `put`."""
        text = command.encode()
        return self._put(self._fault.write(text, data_type=ca.ChannelType.CHAR, data_count=len(text), notify=True))

    def _put(self, request: Any) -> asyncio.Future[None]:
        answer = self._answers[request.ioid] = asyncio.get_running_loop().create_future()
        # whoever does not await it still learns of a loss at the next put
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._send(request)
        return answer

    def received(self, data: bytes) -> None:
        """Take bytes from the ring."""
        commands, _ = self._circuit.recv(data)
        for command in commands:
            self._circuit.process_command(command)
            match command:
                case ca.VersionResponse():
                    channels = self._events, self._pause, self._fault, self._time
                    self._send(*(channel.create() for channel in channels))
                case ca.CreateChanResponse() if command.cid == self._events.cid:
                    self._send(self._events.subscribe(data_type=ca.ChannelType.CHAR))
                case ca.CreateChanResponse() if command.cid == self._pause.cid:
                    request = self._pause.subscribe(data_type=ca.ChannelType.STRING)
                    self._pause_number = request.subscriptionid
                    self._send(request)
                case ca.CreateChanResponse() if command.cid == self._time.cid:
                    # the answer follows the first monitors
                    self._send(self._time.read(data_type=ca.ChannelType.DOUBLE))
                case ca.EventAddResponse() if command.subscriptionid == self._pause_number:
                    self.pauses.append(command.data[0].decode())
                case ca.EventAddResponse():
                    self.events.append(bytes(command.data).split(b"\0", 1)[0].decode())
                case ca.ReadNotifyResponse():
                    self.time_s = float(command.data[0])
                case ca.WriteNotifyResponse():
                    if answer := self._waiting(command.ioid):
                        answer.set_result(None)
                case ca.ErrorResponse():
                    if answer := self._waiting(command.original_request.parameter2):
                        answer.set_exception(
                            RingLost(f"the ring server on port {self._port} refused: {_words(command)}")
                        )
                case _:
                    pass

    def give_up(self) -> None:
        """Fail what still waits for an answer."""
        for ioid in list(self._answers):
            if answer := self._waiting(ioid):
                answer.set_exception(RingLost(f"the ring server on port {self._port} went away"))

    def _waiting(self, ioid: int) -> asyncio.Future[None] | None:
        answer = self._answers.pop(ioid, None)
        return None if answer is None or answer.done() else answer

    def _send(self, *commands: ca.Message) -> None:
        self._writer.write(b"".join(self._circuit.send(*commands)))


def _words(error: ca.ErrorResponse) -> str:
    return bytes(error.error_message).rstrip(b"\0").decode().removeprefix("Python exception: Refused ")
