"""One simulation for everybody of the same names, and no mixing of servers."""

import os
import signal

import pytest

from ioc_sim import claims
from ioc_sim.errors import AlreadyServed
from ioc_sim.launch import Simulation
from tests.harness import ALONE, started


@pytest.mark.full
def test_a_second_simulation_for_everybody_says_so_and_stops(terasu):
    first = terasu.popen("sim", "bl09u", "--time-scale", "100", environment=ALONE)
    exported = started(first)
    second = terasu.command("sim", "bl09u", environment=ALONE)
    assert second.returncode == 3
    assert f"BL09U:… is served already, by `terasu sim bl09u` (pid {first.pid})" in second.stderr
    beside = terasu.popen("sim", "bl09u", "--beside")
    assert started(beside)["EPICS_CA_ADDR_LIST"] != exported["EPICS_CA_ADDR_LIST"]
    for process in (first, beside):
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.full
def test_servers_are_refused_that_nobody_was_told_of(terasu):
    exported = started(terasu.popen("sim", "bl09u", "--clock", "experiment", "--time-scale", "100", environment=ALONE))
    addresses = {name: value for name, value in exported.items() if name.startswith("EPICS_")}
    count = "run", "bl09u", "count", "num=1"
    refused = terasu.command(*count, environment=addresses)
    assert (refused.returncode, "BL09U:… is simulated: --allow-simulated" in refused.stderr) == (3, True)
    # the last one starts its own servers, whoever else serves
    taken = (count, exported), ((*count, "--allow-simulated"), addresses), ((*count, "--sim"), {})
    for words, environment in taken:
        done = terasu.command(*words, environment=environment)
        assert done.returncode == 0, done.stderr


def test_a_claim_ends_with_its_holder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with claims.claimed("bl09u", ["T:"]):
        with pytest.raises(AlreadyServed, match=rf"T:… is served already, by `terasu sim bl09u` \(pid {os.getpid()}\)"):
            claims.claimed("other", ["R:", "T:"]).__enter__()
        with claims.claimed("other", ["R:"]):
            pass
    with claims.claimed("other", ["T:"]):
        pass


def test_a_server_that_clients_would_find_is_seen(tmp_path, monkeypatch, simulate):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    port = simulate("bench").ports["beamline"]
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{port}")
    with pytest.raises(AlreadyServed, match=f"BENCH:… is served already, by a server on 127.0.0.1:{port}"):
        claims.claimed("bench", ["BENCH:"]).__enter__()
    with claims.claimed("other", ["OTHER:"]):
        pass


def test_a_server_that_was_killed_is_said_to_have_been(simulate):
    simulation: Simulation = simulate("bench")
    os.kill(simulation.pids["beamline"], signal.SIGKILL)
    simulation._children["beamline"]._process.wait(10)
    assert "was killed by SIGKILL" in simulation.death()
    assert "status" not in simulation.death()
