"""The ring's server process by itself: start, end, time and events."""

import json
import signal

import caproto as ca
import psutil
import pytest


def ready(process):
    return json.loads(process.stdout.readline())


@pytest.fixture
def ring(serve, connect):
    """Return a client of a ring server of its own."""
    return connect(ready(serve("ring", "--seed", "5", "--token", "abc"))["port"])


def test_says_that_it_is_simulated(ring):
    assert ring.get("SR:SIM:Simulated") == 1
    assert ring.get("SR:SIM:Token") == "abc"
    assert ring.get("SR:SIM:Seed") == 5
    assert ring.get("SR:SIM:ClockMode", kind=ca.ChannelType.STRING) == "experiment"
    assert ring.get("SR:SIM:TimeScale") == 1.0
    assert ring.get("SR:Energy") == 3.0
    assert ring.metadata("SR:Current").units == b"mA"


def test_current_follows_its_time_and_only_that(ring):
    first = ring.get("SR:Current")
    assert ring.get("SR:Current") == first
    ring.put("SR:SIM:Time", 50.0)
    later = ring.get("SR:Current")
    assert later != first
    ring.put("SR:SIM:Time", 20.0)
    assert ring.get("SR:SIM:Time") == 50.0, "the experiment's time never runs backwards"
    assert ring.get("SR:Current") == later


def test_a_monitored_current_is_there_before_the_time_is_answered(ring):
    ring.subscribe("SR:Current")
    seen = []
    for step in range(1, 200):
        arrived = ring.put("SR:SIM:Time", float(step))
        assert arrived[-1][0] == "answer"
        seen.append(ring.latest("SR:Current"))
        assert ring.latest("SR:Current") == ring.get("SR:Current")
    assert len(set(seen)) == len(seen)


def test_dump_and_refill_are_events(ring):
    ring.put("SR:SIM:Time", 30.0)
    ring.put("SR:SIM:Events", '[{"time_s": 40, "kind": "dump"}, {"time_s": 60, "kind": "refill"}]')
    assert ring.get("SR:Mode", kind=ca.ChannelType.STRING) == "TopUp"
    ring.put("SR:SIM:Time", 45.0)
    assert ring.get("SR:Mode", kind=ca.ChannelType.STRING) == "Dumped"
    assert ring.get("SR:Current") == 0.0
    ring.put("SR:SIM:Time", 70.0)
    assert ring.get("SR:Mode", kind=ca.ChannelType.STRING) == "Refilling"
    assert ring.get("SR:TopUpGate", kind=ca.ChannelType.STRING) == "Closed"
    assert 0 < ring.get("SR:Current") < 400


@pytest.mark.parametrize("text", ["no JSON", '[{"time_s": 1, "kind": "explode"}]', '[{"time_s": -1, "kind": "dump"}]'])
def test_bad_events_are_refused_and_change_nothing(ring, text):
    with pytest.raises(ca.ErrorResponseReceived, match="ring events"):
        ring.put("SR:SIM:Events", text)
    assert ring.get("SR:SIM:Events") == "[]"


def test_a_client_cannot_write_what_it_must_not(ring):
    with pytest.raises(ca.ErrorResponseReceived, match="cannot write"):
        ring.put("SR:Current", 1.0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_on_a_signal(serve, number):
    process = serve("ring")
    ready(process)
    process.send_signal(number)
    assert process.wait(5) == 0
    assert process.stderr.read() == ""


def test_ends_cleanly_when_its_input_closes(serve, connect):
    process = serve("ring")
    connect(ready(process)["port"]).subscribe("SR:Current")
    process.stdin.close()
    assert process.wait(2) == 0
    assert process.stderr.read() == ""


def test_a_port_in_use_is_one_clear_line(serve):
    port = ready(serve("ring"))["port"]
    second = serve("ring", "--port", str(port))
    assert ready(second) == {
        "error": f"port {port} on 127.0.0.1 is in use by another process; choose another --port, or 0 for a free one"
    }
    assert second.wait(5) == 3


def test_listens_on_loopback_only(serve, connect):
    answer = ready(serve("ring"))
    connect(answer["port"]).get("SR:Current")
    sockets = psutil.Process(answer["pid"]).net_connections("inet")
    assert {one.laddr.ip for one in sockets if one.laddr.port == answer["port"]} == {"127.0.0.1"}
    for one in sockets:
        assert one.laddr.ip == "127.0.0.1"
    assert {one.type for one in sockets if one.laddr.port == answer["port"]} == {1, 2}


def test_live_time_passes_by_itself(serve, connect):
    process = serve("ring", "--clock", "live", "--time-scale", "1000")
    client = connect(ready(process)["port"])
    client.subscribe("SR:Current", "SR:SIM:Time")
    before = client.latest("SR:Current")
    client.until(lambda: client.latest("SR:Current") != before)
    assert client.latest("SR:SIM:Time") > 0
    with pytest.raises(ca.ErrorResponseReceived):
        client.put("SR:SIM:Time", 1e6)


def test_a_bad_option_is_usage(serve):
    process = serve("ring", "--time-scale", "0")
    assert process.wait(5) == 2
    assert "time scale 0: 1 … 1000 is allowed" in process.stderr.read()
