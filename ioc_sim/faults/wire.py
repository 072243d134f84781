"""One blocking Channel Access circuit straight to a server's port: texts are read and put, nothing is searched."""

from __future__ import annotations

import socket
import time
from typing import Any

import caproto as ca

from ioc_sim.errors import Refused, ServerError
from ioc_sim.sockets import LOOPBACK

ANSWER_S = 10.0
"""Wall time within which a server must answer."""


class TextClient:
    """A client of one server; a context manager."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._circuit = ca.VirtualCircuit(ca.CLIENT, (LOOPBACK, port), 0)

    def __enter__(self) -> TextClient:
        try:
            self._socket = socket.create_connection((LOOPBACK, self._port), timeout=ANSWER_S)
        except OSError as error:
            raise ServerError(f"no simulated server answers on {LOOPBACK}:{self._port}: {error.strerror}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._circuit.our_address = self._socket.getsockname()
        self._send(
            ca.VersionRequest(version=ca.DEFAULT_PROTOCOL_VERSION, priority=0),
            ca.HostNameRequest("localhost"),
            ca.ClientNameRequest("terasu"),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, name: str) -> str:
        """Read a text."""
        answer = self._ask(self._channel(name).read(data_type=ca.ChannelType.CHAR))
        return bytes(answer.data).split(b"\0", 1)[0].decode()

    def put(self, name: str, text: str) -> None:
        """Put a text and wait for the completion; raise Refused with the server's words."""
        data = text.encode()
        self._ask(self._channel(name).write(data, data_type=ca.ChannelType.CHAR, data_count=len(data), notify=True))

    def _channel(self, name: str) -> ca.ClientChannel:
        channel = ca.ClientChannel(name, self._circuit)
        self._send(channel.create())
        while channel.states[ca.CLIENT] is not ca.CONNECTED:
            if any(isinstance(one, ca.CreateChFailResponse) for one in self._received()):
                raise ServerError(f"the server on port {self._port} has no {name}")
        return channel

    def _ask(self, request: Any) -> Any:
        self._send(request)
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            for answer in self._received():
                if isinstance(answer, ca.ErrorResponse):
                    words = bytes(answer.error_message).rstrip(b"\0").decode()
                    raise Refused(words.removeprefix("Python exception: Refused "))
                if isinstance(answer, ca.ReadNotifyResponse | ca.WriteNotifyResponse):
                    return answer
        raise ServerError(f"the server on port {self._port} did not answer within {ANSWER_S:g} s")

    def _received(self) -> list[Any]:
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise ServerError(f"the server on port {self._port} does not answer: {error}") from error
        if not data:
            raise ServerError(f"the server on port {self._port} closed the connection")
        commands, _ = self._circuit.recv(data)
        for command in commands:
            self._circuit.process_command(command)
        return list(commands)

    def _send(self, *commands: Any) -> None:
        self._socket.sendall(b"".join(self._circuit.send(*commands)))
