"""What befalls a server as a whole, seen by an outside client."""

import re
import socket
import time
from pathlib import Path

import pytest

from ioc_sim.claims import answers
from ioc_sim.faults.table import FAULTS
from ioc_sim.faults.wire import Gone
from ioc_sim.launch import Simulation

BRAGG = "BL09U:DCM:Bragg"


@pytest.fixture(scope="module")
def served():
    with Simulation("bl09u", time_scale=100.0, seed=1) as simulation:
        yield simulation


@pytest.fixture
def port(served):
    return served.ports["beamline"]


def closed(client):
    """Whether the server closes the connection."""
    try:
        client.until(lambda: False)
    except OSError:
        return True


def test_circuits_are_dropped(served, port, connect):
    client = connect(port)
    client.get(BRAGG)
    served.faults.set("circuit_dropped", "beamline")
    assert closed(client)
    assert connect(port).get("BL09U:SIM:Token") == served.token


def test_searches_are_not_answered(port, connect, fault):
    client = connect(port)
    with fault("searches_unanswered", "beamline"):
        assert not answers(("127.0.0.1", port), BRAGG)
        assert client.get("BL09U:SIM:Simulated") == 1
    assert answers(("127.0.0.1", port), BRAGG)


def test_a_slow_server(port, connect, fault):
    client = connect(port)
    client.subscribe("BL09U:SIM:Time")
    with fault("slow_server", "beamline", ms=150):
        begun = time.monotonic()
        client.get("BL09U:SIM:Seed")  # creating the channel, and reading it
        assert time.monotonic() - begun >= 0.3


def test_a_killed_server_is_gone_until_it_is_cleared(served, port, connect):
    client = connect(port)
    client.put(BRAGG, client.get(BRAGG) + 1.0)
    client.put(f"{BRAGG}.VELO", 0.5)
    served.faults.set("server_killed", "beamline")
    assert closed(client)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert [one["name"] for one in served.faults.active()] == ["server_killed"]
    with pytest.raises(Gone):
        served.faults.set("motor_stuck", "dcm.bragg")
    assert [one["name"] for one in served.faults.clear()] == ["server_killed"]
    served.check()
    again = connect(port)
    assert again.get("BL09U:SIM:Token") == served.token
    assert again.get(f"{BRAGG}.VELO") != 0.5


def test_a_frozen_server_answers_when_it_goes_on(served, port, connect):
    client = connect(port)
    client.get("BL09U:SIM:Simulated")
    served.faults.set("server_frozen", "beamline")
    number = client.channel("BL09U:SIM:Simulated").read()
    client._send(number)
    client._socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client._take()
    client._socket.settimeout(20)
    assert [one["name"] for one in served.faults.clear("server_frozen")] == ["server_frozen"]
    client.until(lambda: number.ioid in client._answers)


def test_a_server_that_freezes_goes_on_by_itself(served, port, connect):
    client = connect(port)
    client.get("BL09U:SIM:Simulated")
    served.faults.set("server_frozen", "beamline", for_s=0.3)
    assert client.get("BL09U:SIM:Simulated") == 1
    assert served.faults.active() == []


@pytest.mark.parametrize("autosave", [True, False])
def test_a_reboot_with_and_without_autosave(served, port, connect, autosave):
    client = connect(port)
    start = 12.0
    client.put(BRAGG, start + 0.25)
    client.put(f"{BRAGG}.VELO", 0.5)
    client.put("BL09U:STN:Open", 1)
    client.put("BL09U:SC1.TP", 0.05)
    client.put("BL09U:SC1.CNT", 1)
    before = {pv: client.get(pv) for pv in ("BL09U:SIM:Time", "BL09U:SIM:Exposures")}
    read, opened = client.get(f"{BRAGG}.RBV"), client.get("BL09U:STN:State")
    served.faults.set("motor_stuck", "dcm.perp")
    served.faults.set("server_rebooted", "beamline", autosave=autosave)
    assert closed(client)
    served.faults.wait_until_back()
    assert [one["name"] for one in served.faults.clear()] == ["motor_stuck"]
    again = connect(port)
    assert {pv: again.get(pv) for pv in before} == before
    assert again.get("BL09U:STN:State") == opened == 2  # no server's end moves a shutter
    assert bool(again.get(f"{BRAGG}.VELO") == 0.5) is autosave
    assert bool(again.get(f"{BRAGG}.RBV") == pytest.approx(read)) is autosave
    assert again.get(f"{BRAGG}.DMOV") == 1
    again.put("BL09U:STN:Close", 1)


@pytest.mark.full
def test_the_ring_reboots_and_the_beamline_follows_it(served, connect):
    client = connect(served.ports["beamline"])
    client.put("BL09U:SIM:Advance", 100.0)
    served.faults.set("server_rebooted", "ring")
    client.put("BL09U:SIM:Advance", 50.0)
    served.faults.wait_until_back("ring")
    assert connect(served.ports["ring"]).get("SR:SIM:Time") == client.get("BL09U:SIM:Time")


def test_every_fault_of_the_table_is_triggered_in_these_files():
    found = set()
    here = Path(__file__).parent
    for path in (*here.glob("test_*faults*.py"), here / "test_fly.py", here / "test_fly_gated.py"):
        found |= set(re.findall(r'(?:with fault|faults\.set)\(\s*"(\w+)"', path.read_text()))
    assert set(FAULTS) <= found
