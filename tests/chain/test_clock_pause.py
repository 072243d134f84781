"""A simulation whose time stands still: nothing moves, puts wait, and all of it goes on where it was."""

import pytest

from ioc_sim.launch import Simulation

BRAGG, SCALER = "BL09U:DCM:Bragg", "BL09U:SC1"


@pytest.fixture(scope="module", params=["experiment", pytest.param("live", marks=pytest.mark.full)])
def served(request):
    with Simulation("bl09u", clock=request.param, time_scale=10.0, seed=1) as simulation:
        yield simulation


@pytest.fixture
def paused(served):
    yield served.pause
    served.resume()


def test_nothing_passes_while_time_stands_still(served, paused, connect):
    client, ring = connect(served.ports["beamline"]), connect(served.ports["ring"])
    client.put(f"{SCALER}.TP", 2.0)
    client.subscribe(f"{SCALER}.CNT", "BL09U:SIM:Pause")
    number = client.start(f"{SCALER}.CNT", 1)
    client.until(lambda: client.latest(f"{SCALER}.CNT") == 1)
    paused()
    client.until(lambda: client.latest("BL09U:SIM:Pause") == 1)
    assert ring.get("SR:SIM:Pause") == 1
    position = client.start(BRAGG, client.get(f"{BRAGG}.RBV") + 1.0)
    before = client.get("BL09U:SIM:Time"), ring.get("SR:SIM:Time"), client.get(f"{BRAGG}.RBV")
    client._socket.settimeout(0.4)  # longer than the rest of the exposure would take
    with pytest.raises(TimeoutError):
        client.until(lambda: {number, position} & set(client._answers))
    client._socket.settimeout(20)
    assert (client.get("BL09U:SIM:Time"), ring.get("SR:SIM:Time"), client.get(f"{BRAGG}.RBV")) == before
    served.resume()
    assert client.completed(number)
    assert client.completed(position)
    assert client.get(f"{BRAGG}.RBV") == pytest.approx(before[2] + 1.0, abs=1e-4)
    assert client.get("BL09U:SIM:Time") > before[0]


def test_a_client_can_pause_it_too(served, paused, connect):
    client = connect(served.ports["beamline"])
    client.put("BL09U:SIM:Pause", "Paused")
    assert client.get("BL09U:SIM:Pause") == 1
    client.put("BL09U:SIM:Pause", "Running")
    assert connect(served.ports["ring"]).get("SR:SIM:Pause") == 0


def test_the_command(served, terasu, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", terasu.environment["XDG_RUNTIME_DIR"])
    served.announce()
    try:
        assert terasu.text("clock", "pause").startswith("bl09u: Paused at ")
        assert terasu.text("clock").startswith("bl09u: Paused at ")
    finally:
        assert terasu.text("clock", "resume").startswith("bl09u: Running at ")
