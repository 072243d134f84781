"""The ordered server, in this process: what a client sees after a put has completed."""

import asyncio
import contextlib
import socket
import threading

import caproto as ca
import numpy as np
import pytest

from ioc_sim.arrays import to_wire
from ioc_sim.channels import Channel, Enum, Float, Int, LongText, Text
from ioc_sim.errors import Refused
from ioc_sim.server import MOST_LARGE, OrderedContext

PIXELS = 1 << 22


class Frame(Channel, ca.ChannelShort):
    """8 MB."""


class Counting:
    """A counter that a put advances, as an exposure would; `hold` keeps the put from completing."""

    def __init__(self):
        self.trigger = Int(0, on_put=self.act)
        self.count = Int(0)
        self.limited = Float(1.0, low=0.0, high=10.0, units="mm", on_put=self.accept)
        self.state = Enum("A", ("A", "B"), on_put=self.accept)
        self.slow = Int(0, on_put=self.wait)
        self.name = Text("x", on_put=self.accept)
        self.text = LongText("y", max_length=100, on_put=self.accept)
        self.image = ca.ChannelData(
            value=np.zeros(200_000, dtype=np.int32), max_length=200_000, max_subscription_backlog=5
        )
        self.frame = Frame(value=np.zeros(PIXELS, np.int16), max_length=PIXELS)
        self.hold = None
        self.channels = {
            "T:Trigger": self.trigger,
            "T:Count": self.count,
            "T:Limited": self.limited,
            "T:State": self.state,
            "T:Slow": self.slow,
            "T:Name": self.name,
            "T:Text": self.text,
            "T:Image": self.image,
            "T:Frame": self.frame,
        }

    async def act(self, value):
        self.count.post(self.count.value + 1)
        if value == 2:
            raise Refused("two is refused after the fact")

    async def accept(self, value):
        pass

    async def wait(self, value):
        self.hold = asyncio.Event()
        await self.hold.wait()


class InProcess:
    """A server in a thread of its own."""

    def __init__(self, shuffled):
        self.counting = Counting()
        self._shuffled = shuffled
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self):
        self.loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self.context = OrderedContext(self.counting.channels, shuffled=self._shuffled, on_ready=self._ready.set)
        with contextlib.suppress(asyncio.CancelledError):
            await self.context.run()

    def call(self, function):
        """Call something in the server's thread and return its result."""

        async def run():
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def server():
    with InProcess(shuffled=False) as running:
        yield running


@pytest.fixture
def shuffled():
    with InProcess(shuffled=True) as running:
        yield running


@pytest.mark.parametrize("points", [3000, pytest.param(10_000, marks=pytest.mark.full)])
def test_no_reading_after_a_completion_is_stale(server, connect, points):
    client = connect(server.context.port)
    client.subscribe("T:Count")
    stale_monitors = stale_reads = 0
    for point in range(1, points + 1):
        client.put("T:Trigger", 1)
        stale_monitors += client.latest("T:Count") != point
        if point % 10 == 0:
            stale_reads += client.get("T:Count") != point
    assert (stale_monitors, stale_reads) == (0, 0)


def test_shuffled_delivers_the_completion_first(shuffled, connect):
    client = connect(shuffled.context.port)
    client.subscribe("T:Count")
    for point in range(1, 101):
        arrived = client.put("T:Trigger", 1)
        assert arrived[0] == ("answer", "WriteNotifyResponse", None)
        assert client.get("T:Count") == point, "a read after the completion is never stale"
        client.until(lambda point=point: client.latest("T:Count") == point)


def test_shuffled_still_delivers_without_a_completion(shuffled, connect):
    client = connect(shuffled.context.port)
    client.subscribe("T:Count")
    shuffled.call(lambda: shuffled.counting.count.post(77))
    client.until(lambda: client.latest("T:Count") == 77)


def test_nagle_is_off_on_accepted_sockets(server, connect):
    connect(server.context.port).get("T:Count")
    (circuit,) = server.context.circuits
    accepted = circuit.client.writer.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_put_is_published_before_it_is_done(server, connect):
    client = connect(server.context.port)
    client.subscribe("T:Slow")
    number = client.start("T:Slow", 5)
    client.until(lambda: client.latest("T:Slow") == 5)
    assert client.get("T:Slow") == 5, "reading does not wait for the put"
    assert ("answer", "WriteNotifyResponse", None) not in client.arrived
    server.call(server.counting.hold.set)
    assert client.completed(number)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("T:Limited", 11.0, 1.0),
        ("T:Limited", float("nan"), 1.0),
        ("T:State", 2, 0),
        ("T:State", "C", 0),
    ],
)
def test_a_refused_put_changes_nothing(server, connect, name, bad, good):
    client = connect(server.context.port)
    client.subscribe(name)
    before = len(client.arrived)
    with pytest.raises(ca.ErrorResponseReceived, match=r"Refused"):
        client.put(name, bad)
    assert client.get(name) == good
    assert [one for one in client.arrived[before:] if one[0] == "monitor"] == []


def test_a_put_that_fails_on_the_way_is_no_success(server, connect):
    client = connect(server.context.port)
    with pytest.raises(ca.ErrorResponseReceived, match="two is refused after the fact"):
        client.put("T:Trigger", 2)


def test_enums_take_names_and_texts_take_texts(server, connect):
    client = connect(server.context.port)
    client.put("T:State", "B")
    assert client.get("T:State") == 1
    client.put("T:State", 0)
    assert client.get("T:State") == 0
    client.put("T:Name", "µ(E) of iron, and much more than forty characters")
    assert client.get("T:Name") == b"\xc2\xb5(E) of iron, and much more than forty"[:39].decode()
    client.put("T:Text", "Fe 7um")
    assert client.get("T:Text") == "Fe 7um"


def test_nothing_follows_a_cancelled_subscription(server, connect):
    client = connect(server.context.port)
    client.subscribe("T:Count")
    client.cancel("T:Count")
    before = len(client.arrived)
    client.put("T:Trigger", 1)
    assert [one for one in client.arrived[before:] if one[0] == "monitor"] == []


def test_nothing_follows_a_cleared_channel(server, connect):
    client = connect(server.context.port)
    client.subscribe("T:Count", "T:Trigger")
    client.clear("T:Count")
    assert sum(len(subscribers) for subscribers in server.context.subscriptions.values()) == 1
    before = len(client.arrived)
    client.put("T:Trigger", 1)
    assert [one[1] for one in client.arrived[before:] if one[0] == "monitor"] == ["T:Trigger"]


def test_a_client_that_does_not_read_costs_others_nothing(server, connect):
    """Frames of 800 kB for a client that reads none: its backlog is bounded, the other client sees every count."""
    slow, quick = connect(server.context.port), connect(server.context.port)
    slow.subscribe("T:Image", "T:Count")
    quick.subscribe("T:Count")

    async def publish():
        await server.counting.image.write(np.zeros(200_000, dtype=np.int32))

    for point in range(1, 200):
        asyncio.run_coroutine_threadsafe(publish(), server.loop).result(10)
        quick.put("T:Trigger", 1)
        assert quick.latest("T:Count") == point
    assert server.call(lambda: most_frames(server.context.circuits)) == 5, "old news made way for new"
    slow.until(lambda: slow.latest("T:Count") == 199)


def test_a_frame_of_8_mb_arrives_whole_and_in_its_place(server, connect):
    client = connect(server.context.port)
    client.subscribe("T:Count", "T:Frame")
    for point in range(1, 6):
        pixels = np.arange(point, point + PIXELS).astype(np.int16)
        server.call(lambda pixels=pixels: server.counting.frame.post(to_wire(pixels)))
        arrived = client.put("T:Trigger", 1)
        assert [one[1:] for one in arrived if one[0] == "monitor"] == [("T:Frame", point), ("T:Count", point)]
        request = client.channel("T:Frame").read()
        client._send(request)
        assert np.array_equal(client._answer(request.ioid).data, pixels)


def test_a_client_that_reads_no_frames_costs_little_memory(server, connect):
    slow, quick = connect(server.context.port), connect(server.context.port)
    slow.subscribe("T:Frame")
    for point in range(1, 21):
        server.call(lambda point=point: server.counting.frame.post(np.full(PIXELS, point, ">i2")))
        quick.put("T:Trigger", 1)
    assert server.call(lambda: most_frames(server.context.circuits)) == MOST_LARGE // (2 * PIXELS)
    slow.until(lambda: slow.latest("T:Frame") == 20)
    assert len(slow.arrived) < 10, "old frames made way for new ones"


def most_frames(circuits):
    """Return how many frames at most wait for one client."""
    waiting = [queue for circuit in circuits for queue in circuit.unexpired_updates.values()]
    return max(len(queue) for queue in waiting if len(queue[0]) > 100_000)


def test_a_client_that_leaves_is_forgotten(server, connect):
    client, other = connect(server.context.port), connect(server.context.port)
    client.subscribe("T:Count")
    other.get("T:Count")
    client.close()
    gone = threading.Event()

    def look():
        if len(server.context.circuits) == 1 and not any(server.context.subscriptions.values()):
            gone.set()
        else:
            server.loop.call_later(0.01, look)

    server.loop.call_soon_threadsafe(look)
    assert gone.wait(10)
    other.put("T:Trigger", 1)
    assert other.get("T:Count") == 1
