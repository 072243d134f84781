"""Real servers on loopback, and a client that shows the order in which their messages arrive."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import caproto as ca
import pytest

from ioc_sim.launch import Simulation

DEADLINE_S = 20.0


@pytest.fixture(scope="session")
def simulation(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    """BL09U and its ring at 100 times real time, with the environment set for client libraries in this process.

    Channel Access clients read the environment when they are first used: what uses pyepics or ophyd in this process
    takes this fixture and no other servers.
    """
    order = request.config.getoption("--order")
    with Simulation("bl09u", time_scale=100.0, seed=1, order=order) as running:
        before = dict(os.environ)
        os.environ.update(running.environment)
        yield running
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulation]]:
    """Start further simulations, ended with the test: to be reached by `connect`, not through the environment."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(Simulation(*(args or ("bl09u",)), **options))


@pytest.fixture
def fault(served: Simulation) -> Callable[..., contextlib.AbstractContextManager[None]]:
    """Let faults act in the module's own servers for as long as a `with` lasts."""

    @contextlib.contextmanager
    def acting(name: str, target: str, **arguments: float | bool) -> Iterator[None]:
        served.faults.set(name, target, **arguments)
        assert name in [one["name"] for one in served.faults.active()]
        yield
        served.faults.clear(name, target)
        assert served.faults.active() == []

    return acting


@pytest.fixture
def connect() -> Iterator[Callable[[int], "RawClient"]]:
    """Open raw clients by port, closed with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(contextlib.closing(RawClient(port)))


@pytest.fixture
def serve() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start server processes by their command line, ended with the test."""
    yield from serving()


@pytest.fixture(scope="module")
def serve_module() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start server processes by their command line, ended with the module."""
    yield from serving()


def serving() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "ioc_sim.serve", *arguments]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout, process.stderr):
            end.close()


class RawClient:
    """One Channel Access circuit without threads, caches or searches: messages are seen as they arrive."""

    def __init__(self, port: int) -> None:
        self.arrived: list[tuple[str, str, object]] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._circuit = ca.VirtualCircuit(ca.CLIENT, ("127.0.0.1", port), 0)
        self._circuit.our_address = self._socket.getsockname()
        self._channels: dict[str, ca.ClientChannel] = {}
        self._named: dict[int, str] = {}
        self._send(
            ca.VersionRequest(version=13, priority=0), ca.HostNameRequest("localhost"), ca.ClientNameRequest("test")
        )

    def close(self) -> None:
        self._socket.close()

    def channel(self, name: str) -> ca.ClientChannel:
        if name not in self._channels:
            self._channels[name] = channel = ca.ClientChannel(name, self._circuit)
            self._send(channel.create())
            self.until(lambda: channel.states[ca.CLIENT] is ca.CONNECTED)
        return self._channels[name]

    def subscribe(self, *names: str) -> None:
        """Monitor PVs; returns when the first value of each has arrived."""
        for name in names:
            request = self.channel(name).subscribe(data_type=time_type(self.channel(name)))
            self._named[request.subscriptionid] = name
            self._send(request)
            self.until(lambda name=name: ("monitor", name) in {one[:2] for one in self.arrived})

    def cancel(self, name: str) -> None:
        """End the monitors of a PV."""
        for number, monitored in list(self._named.items()):
            if monitored == name:
                self._send(self.channel(name).unsubscribe(number))
                self.get(name)

    def clear(self, name: str) -> None:
        """Close the channel to a PV, monitors and all."""
        channel = self._channels.pop(name)
        self._send(channel.clear())
        self.until(lambda: channel.states[ca.CLIENT] is ca.CLOSED)

    def get(self, name: str, *, kind: ca.ChannelType | None = None) -> object:
        request = self.channel(name).read(data_type=kind)
        self._send(request)
        return value(accepted(self._answer(request.ioid)))

    def array(self, name: str) -> list[float]:
        """Read all elements of a PV."""
        request = self.channel(name).read(data_count=0)
        self._send(request)
        return list(accepted(self._answer(request.ioid)).data)

    def severity(self, name: str) -> int:
        """Return the severity of a PV's alarm."""
        request = self.channel(name).read(data_type=time_type(self.channel(name)))
        self._send(request)
        return int(accepted(self._answer(request.ioid)).metadata.severity)

    def metadata(self, name: str) -> object:
        """Return the control structure of a PV: units, limits, precision."""
        request = self.channel(name).read(data_type=ca.field_types["control"][self.channel(name).native_data_type])
        self._send(request)
        return accepted(self._answer(request.ioid)).metadata

    def put(self, name: str, new: object) -> list[tuple[str, str, object]]:
        """Put and wait for the completion; return what arrived from the request up to the completion.

        Raises
        ------
        ca.ErrorResponseReceived
            If the server refuses.
        """
        first = len(self.arrived)
        accepted(self._answer(self.start(name, new)))
        return self.arrived[first:]

    def start(self, name: str, new: object) -> int:
        """Put and return at once, with the number by which its completion is found."""
        channel = self.channel(name)
        if isinstance(new, str):
            text = new.encode()
            data, kind = (text, ca.ChannelType.CHAR) if channel.native_data_type == 4 else ([text], 0)
        else:
            data, kind = [new], ca.ChannelType.DOUBLE
        request = channel.write(data, data_type=ca.ChannelType(kind), data_count=len(data), notify=True)
        self._send(request)
        return request.ioid

    def completed(self, number: int) -> bool:
        """Wait for the completion of a put that was started; return whether it succeeded."""
        return isinstance(self._answer(number), ca.WriteNotifyResponse)

    def latest(self, name: str) -> object:
        """Return the last monitored value that has arrived."""
        return next(one[2] for one in reversed(self.arrived) if one[:2] == ("monitor", name))

    def until(self, happened: Callable[[], object]) -> None:
        """Take messages until something has happened."""
        deadline = time.monotonic() + DEADLINE_S
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not happen; arrived last: {self.arrived[-3:]}")
            self._take()

    def _answer(self, ioid: int) -> object:
        self.until(lambda: ioid in self._answers)
        return self._answers.pop(ioid)

    @property
    def _answers(self) -> dict[int, object]:
        return self.__dict__.setdefault("_answered", {})

    def _take(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the server closed the connection")
        for command in self._circuit.recv(data)[0]:
            self._circuit.process_command(command)
            if isinstance(command, ca.EventAddResponse) and command.payload_size:
                self.arrived.append(("monitor", self._named[command.subscriptionid], value(command)))
            elif isinstance(command, ca.WriteNotifyResponse | ca.ReadNotifyResponse):
                self.arrived.append(("answer", type(command).__name__, None))
                self._answers[command.ioid] = command
            elif isinstance(command, ca.ErrorResponse):
                self._answers[command.original_request.parameter2] = command

    def _send(self, *commands: object) -> None:
        self._socket.sendall(b"".join(self._circuit.send(*commands)))


def accepted(answer: object) -> object:
    """Return an answer that is no error."""
    if isinstance(answer, ca.ErrorResponse):
        raise ca.ErrorResponseReceived(bytes(answer.error_message).rstrip(b"\0").decode())
    return answer


def time_type(channel: ca.ClientChannel) -> ca.ChannelType:
    return ca.field_types["time"][channel.native_data_type]


def value(response: object) -> object:
    """Return a response's value: a number, an enum's index, or a text."""
    data = response.data
    if ca.native_type(response.data_type) == ca.ChannelType.CHAR:
        return bytes(data).split(b"\0", 1)[0].decode()
    first = data[0]
    return first.decode() if isinstance(first, bytes) else first
