"""The scaler record over Channel Access: a server of its own process, seen by a raw client."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import caproto as ca
import pytest

from beam.clock import ExperimentClock
from ioc_sim.channels import Float, Int
from ioc_sim.records import ScalerRecord
from ioc_sim.server import OrderedContext
from ioc_sim.timing import Timeline

SCALE = 10.0
CHANNELS = 4


@dataclass
class Facts:
    channels: int = CHANNELS
    clock_hz: float = 1.0e6


class Counting:
    """Counts nothing but its own exposures: channel 2 has 1000 counts/s, channel 3 the exposure's number."""

    def __init__(self, time: Timeline) -> None:
        self.time = time
        self.index = 0
        self.exposures = Int(0)
        self.dwell = Float(0.0)
        self.broken = Int(0, on_put=self.accept)

    async def accept(self, value: object) -> None:
        pass

    async def count(self, dwell_s: float) -> Mapping[int, int]:
        if self.broken.value:
            raise ConnectionError("the ring does not answer")
        self.index += 1
        await self.time.advance(dwell_s)
        self.dwell.post(dwell_s)
        return {1: round(dwell_s * 1e6), 2: round(1000 * dwell_s), 3: self.index}

    def published(self, timestamp: float) -> None:
        self.exposures.post(self.index, timestamp=timestamp)

    def rates(self) -> Mapping[int, float]:
        return {2: 1000.0}


async def main(shuffled: bool) -> None:
    """Serve a scaler; the port goes to stdout, the end of stdin ends it."""
    time = Timeline(ExperimentClock(SCALE))
    channels = {}
    for name in ("T:{Sclr}1", "T:other"):
        counting = Counting(time)
        record = ScalerRecord(
            name, Facts(), {1: "clock", 2: "I0"}, time, counting.count, counting.published, counting.rates
        )
        channels |= {
            **record.channels,
            f"{name}:Exposures": counting.exposures,
            f"{name}:Dwell": counting.dwell,
            f"{name}:Broken": counting.broken,
        }
    context = OrderedContext(
        channels,
        shuffled=shuffled,
        on_ready=lambda: sys.stdout.write(json.dumps({"port": context.ca_server_port}) + "\n") and sys.stdout.flush(),
    )
    server = asyncio.create_task(context.run())
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.cancel()


@pytest.fixture(scope="module", params=["ordered", "shuffled"])
def order(request):
    return request.param


@pytest.fixture(scope="module")
def port(order):
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, str(Path(__file__).resolve()), order]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd=root, stdin=pipe, stdout=pipe, text=True) as server:
        yield json.loads(server.stdout.readline())["port"]
        server.stdin.close()
        server.wait(10)


@pytest.fixture
def client(port, connect):
    return connect(port)


P = "T:{Sclr}1"


def monitored(client, name):
    return [one[2] for one in client.arrived if one[:2] == ("monitor", name)]


def stamp(client, name):
    """Return a PV's time on the server."""
    request = client.channel(name).read(data_type=ca.field_types["time"][client.channel(name).native_data_type])
    client._send(request)
    client.until(lambda: request.ioid in client._answers)
    return bytes(client._answers.pop(request.ioid).metadata.stamp)


def test_all_fields_are_there(client):
    assert (client.get(f"{P}.RTYP"), client.get(f"{P}.NCH")) == ("scaler", CHANNELS)
    assert [client.get(f"{P}.NM{n}") for n in (1, 2, 3)] == ["clock", "I0", ""]
    assert (client.get(f"{P}.FREQ"), client.get("T:other.TP"), client.get("T:other.PR1")) == (1e6, 1.0, 1e6)
    for n in (1, 32):
        for field in ("S", "PR", "G", "D", "NM"):
            client.get(f"{P}.{field}{n}")
    told = client.metadata(f"{P}.TP")
    assert told.units.rstrip(b"\0") == b"s"
    assert client.get(f"{P}.EGU") == "counts"


def test_one_exposure_is_published_as_one(client, order):
    client.put(f"{P}.TP", 0.5)
    names = [f"{P}.S{n}" for n in range(1, CHANNELS + 1)]
    client.subscribe(*names, f"{P}.T", f"{P}:Exposures", f"{P}.CNT", f"{P}.US")
    first = len(client.arrived)
    arrived = client.put(f"{P}.CNT", 1)
    if order == "shuffled":
        client.until(lambda: client.latest(f"{P}.CNT") == 0)
        arrived = client.arrived[first:]
    order_seen = [one[1] for one in arrived]
    assert order_seen[0] == f"{P}.CNT"
    published = [name for name in order_seen if name not in (f"{P}.US", "WriteNotifyResponse")]
    assert published == [f"{P}.CNT", *names, f"{P}.T", f"{P}:Exposures", f"{P}.CNT"]
    if order == "ordered":
        assert order_seen[-1] == "WriteNotifyResponse"
    assert [client.get(name) for name in names] == [500000, 500, client.get(f"{P}:Exposures"), 0]
    assert client.get(f"{P}.T") == 0.5
    assert len({stamp(client, name) for name in (*names, f"{P}:Exposures")}) == 1
    assert monitored(client, f"{P}.US")[-1] == 0


def test_what_did_not_change_is_published_all_the_same(client):
    client.put(f"{P}.TP", 0.2)
    client.put(f"{P}.CNT", 1)
    client.subscribe(f"{P}.S2", f"{P}.S4")
    client.put(f"{P}.CNT", 1)
    client.until(lambda: len(monitored(client, f"{P}.S4")) == 2)
    assert monitored(client, f"{P}.S2") == [200.0, 200.0]
    assert monitored(client, f"{P}.S4") == [0.0, 0.0]


def test_no_dwell_at_all_counts_too(client):
    client.put(f"{P}.TP", 0.0)
    before = client.get(f"{P}:Exposures")
    for point in range(1, 301):
        client.put(f"{P}.CNT", 1)
        assert client.get(f"{P}.S3") == before + point
    assert client.get(f"{P}:Dwell") == 0.0


def test_a_count_is_broken_off_by_cnt_0(client):
    client.put(f"{P}.TP", 1000.0)
    client.subscribe(f"{P}.CNT", f"{P}.US")
    counting = client.start(f"{P}.CNT", 1)
    client.until(lambda: client.latest(f"{P}.US") == 3)
    before = client.get(f"{P}:Exposures")
    client.put(f"{P}.CNT", 0)
    assert client.completed(counting)
    assert (client.get(f"{P}.CNT"), client.get(f"{P}.US"), client.get(f"{P}.SS")) == (0, 0, 0)
    assert client.get(f"{P}:Exposures") == before + 1
    assert 0 <= client.get(f"{P}.T") == pytest.approx(client.get(f"{P}:Dwell"), abs=1e-6)
    assert client.get(f"{P}.T") < 900.0


def test_counting_twice_at_once_is_counting_once(client):
    client.put(f"{P}.TP", 1.0)
    before = client.get(f"{P}:Exposures")
    first = client.start(f"{P}.CNT", 1)
    second = client.start(f"{P}.CNT", 1)
    assert client.completed(first)
    assert client.completed(second)
    assert client.get(f"{P}:Exposures") == before + 1


def test_presets_follow_each_other(client):
    client.put(f"{P}.PR1", 250000)
    assert client.get(f"{P}.TP") == 0.25
    client.put(f"{P}.TP", 0.5)
    assert client.get(f"{P}.PR1") == 500000
    client.put(f"{P}.PR3", 10)
    assert client.get(f"{P}.G3") == 1
    client.put(f"{P}.G3", "N")
    client.put(f"{P}.G4", "Y")
    assert client.get(f"{P}.PR4") == 1000
    client.put(f"{P}.G4", 0)


def test_another_channel_ends_the_count_at_its_preset(client):
    client.put(f"{P}.TP", 100.0)
    client.put(f"{P}.PR2", 300)
    client.put(f"{P}.CNT", 1)
    client.put(f"{P}.G2", "N")
    assert (client.get(f"{P}.S2"), client.get(f"{P}.T")) == (300, 0.3)


def test_a_delay_comes_before_the_count(client):
    client.put(f"{P}.TP", 0.1)
    client.put(f"{P}.DLY", 0.2)
    client.subscribe(f"{P}.US")
    client.put(f"{P}.CNT", 1)
    client.put(f"{P}.DLY", 0.0)
    client.until(lambda: monitored(client, f"{P}.US")[-1] == 0)
    assert [int(one) for one in monitored(client, f"{P}.US")] == [0, 2, 1, 3, 0]


def test_a_failing_exposure_fails_the_put_and_ends_the_count(client):
    for dwell in (0.0, 0.1):
        client.put(f"{P}.TP", dwell)
        client.put(f"{P}:Broken", 1)
        with pytest.raises(ca.ErrorResponseReceived, match="ring"):
            client.put(f"{P}.CNT", 1)
        assert client.get(f"{P}.CNT") == 0
        client.put(f"{P}:Broken", 0)
        client.put(f"{P}.CNT", 1)


def test_the_clock_is_shown_while_counting(client):
    client.put(f"{P}.TP", 5.0)
    client.put(f"{P}.RATE", 20.0)
    client.subscribe(f"{P}.T")
    client.put(f"{P}.CNT", 1)
    client.put(f"{P}.RATE", 0.0)
    client.until(lambda: client.latest(f"{P}.T") == 5.0)
    shown = monitored(client, f"{P}.T")[1:]
    assert len(shown) > 3
    assert shown == sorted(shown)


def test_auto_counting_leaves_cnt_alone_and_gives_way_to_a_user(client):
    name = "T:other"
    client.put(f"{name}.TP1", 0.2)
    client.subscribe(f"{name}:Exposures", f"{name}.CNT", f"{name}.T")
    client.put(f"{name}.CONT", "AutoCount")
    client.until(lambda: client.latest(f"{name}:Exposures") >= 2)
    assert set(monitored(client, f"{name}.CNT")) == {0}
    client.put(f"{name}.TP", 0.1)
    client.put(f"{name}.CNT", 1)
    client.until(lambda: client.latest(f"{name}.T") == 0.1)
    client.put(f"{name}.CONT", "OneShot")
    assert client.get(f"{name}.CNT") == 0


@pytest.mark.parametrize(("field", "value"), [("TP", -1.0), ("PR2", -5), ("RATE", float("nan")), ("CONT", "Never")])
def test_nonsense_is_refused(client, field, value):
    before = client.get(f"{P}.{field}")
    with pytest.raises(ca.ErrorResponseReceived):
        client.put(f"{P}.{field}", value)
    assert client.get(f"{P}.{field}") == before


def test_the_counts_are_read_only(client):
    for field in ("S1", "T", "NCH"):
        with pytest.raises(ca.ErrorResponseReceived):
            client.put(f"{P}.{field}", 1)


if __name__ == "__main__":
    asyncio.run(main(shuffled=sys.argv[1] == "shuffled"))
