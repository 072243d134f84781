"""A beamline's server without a ring, on the live clock and with completions delivered first."""

import json

import caproto as ca
import pytest


@pytest.fixture(scope="module")
def port(serve_module):
    """Return the port of one server for all tests here."""
    return json.loads(
        serve_module(
            "bl09u", "--sample", "none", "--clock", "live", "--time-scale", "50", "--order", "shuffled"
        ).stdout.readline()
    )["port"]


def test_live_time_passes_by_itself_and_is_not_advanced(port, connect):
    client = connect(port)
    client.subscribe("BL09U:SIM:Time")
    first = client.latest("BL09U:SIM:Time")
    client.put("BL09U:SIM:Advance", 1000.0)
    client.until(lambda: client.latest("BL09U:SIM:Time") > first)
    assert client.latest("BL09U:SIM:Time") < first + 1000.0
    assert client.get("BL09U:SIM:ClockMode", kind=ca.ChannelType.STRING) == "live"


def test_a_shuffled_exposure_completes_before_its_monitors(port, connect):
    client = connect(port)
    client.put("BL09U:SC1.TP", 0.0)
    client.subscribe("BL09U:SC1:ExposureCount", "BL09U:SC1.S2", "BL09U:SC1.CNT")
    for _ in range(20):
        count = client.latest("BL09U:SC1:ExposureCount")
        arrived = client.put("BL09U:SC1.CNT", 1)
        assert arrived[0] == ("answer", "WriteNotifyResponse", None)
        assert client.get("BL09U:SC1:ExposureCount") == count + 1
        client.until(lambda count=count: client.latest("BL09U:SC1:ExposureCount") == count + 1)
        client.until(lambda: client.latest("BL09U:SC1.CNT") == 0)


def test_a_long_motion_is_still_seen_on_its_way(port, connect):
    client = connect(port)
    client.subscribe("BL09U:ID:Moving", "BL09U:ID:GapRbv")
    number = client.start("BL09U:ID:Gap", 8.0)
    client.until(lambda: client.latest("BL09U:ID:Moving") == 1)
    assert client.completed(number)
    client.until(lambda: client.latest("BL09U:ID:Moving") == 0 and client.latest("BL09U:ID:GapRbv") == 8.0)
