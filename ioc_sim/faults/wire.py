"""One blocking Channel Access circuit straight to a server's port: texts are read and put, nothing is searched."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import caproto as ca

from ioc_sim.errors import Refused, ServerError
from ioc_sim.sockets import LOOPBACK

ANSWER_S = 10.0
"""Wall time within which a server must answer."""


class Gone(ServerError):
    """Nobody is there."""


class Silent(ServerError):
    """Somebody is there, and does not answer."""


class TextClient:
    """A client of one server; a context manager.

    Parameters
    ----------
    port : int
        The server's.
    within_s : float
        Wall time within which it must answer.
    """

    def __init__(self, port: int, within_s: float = ANSWER_S) -> None:
        self._port, self._within_s = port, within_s
        self._circuit = ca.VirtualCircuit(ca.CLIENT, (LOOPBACK, port), 0)

    def __enter__(self) -> TextClient:
        try:
            self._socket = socket.create_connection((LOOPBACK, self._port), timeout=self._within_s)
        except OSError as error:
            raise Gone(f"no simulated server answers on {LOOPBACK}:{self._port}: {error.strerror}") from error
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

    def string(self, name: str) -> str:
        """Read anything as a short text."""
        return self._ask(self._channel(name).read(data_type=ca.ChannelType.STRING)).data[0].decode()

    def stamped(self, name: str) -> tuple[float, float]:
        """Read a number, and when the server gave it that value (s, POSIX)."""
        answer = self._ask(self._channel(name).read(data_type=ca.ChannelType.TIME_DOUBLE))
        return float(answer.data[0]), float(answer.metadata.timestamp)

    def put_string(self, name: str, text: str) -> None:
        """Put a short text, such as a state, and wait for the completion."""
        data = [text.encode()]
        self._ask(self._channel(name).write(data, data_type=ca.ChannelType.STRING, data_count=1, notify=True))

    def wait_for_end(self) -> None:
        """Wait until the server closes the circuit."""
        with contextlib.suppress(ConnectionError):
            while self._socket.recv(1 << 16):
                pass

    def _channel(self, name: str) -> ca.ClientChannel:
        channel = ca.ClientChannel(name, self._circuit)
        self._send(channel.create())
        while channel.states[ca.CLIENT] is not ca.CONNECTED:
            if any(isinstance(one, ca.CreateChFailResponse) for one in self._received()):
                raise ServerError(f"the server on port {self._port} has no {name}")
        return channel

    def _ask(self, request: Any) -> Any:
        self._send(request)
        deadline = time.monotonic() + self._within_s
        while time.monotonic() < deadline:
            for answer in self._received():
                if isinstance(answer, ca.ErrorResponse):
                    words = bytes(answer.error_message).rstrip(b"\0").decode()
                    raise Refused(words.removeprefix("Python exception: Refused "))
                if isinstance(answer, ca.ReadNotifyResponse | ca.WriteNotifyResponse):
                    return answer
        raise Silent(f"the server on port {self._port} did not answer within {self._within_s:g} s")

    def _received(self) -> list[Any]:
        try:
            data = self._socket.recv(1 << 16)
        except TimeoutError as error:
            raise Silent(f"the server on port {self._port} did not answer within {self._within_s:g} s") from error
        except OSError as error:
            raise Gone(f"the server on port {self._port} does not answer: {error}") from error
        if not data:
            raise Gone(f"the server on port {self._port} closed the connection")
        commands, _ = self._circuit.recv(data)
        for command in commands:
            self._circuit.process_command(command)
        return list(commands)

    def _send(self, *commands: Any) -> None:
        self._socket.sendall(b"".join(self._circuit.send(*commands)))
