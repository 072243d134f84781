"""The processes of a simulation: how they start, refuse to start, and end."""

import json
import os
import select
import signal
import stat
import subprocess
import sys
import time

import psutil
import pytest

from ioc_sim import announce
from ioc_sim.errors import PortInUse, ServerDied, ServerError
from ioc_sim.launch import Simulation
from ioc_sim.sockets import bind_pair

PARENT = """
import json, sys
from ioc_sim.launch import Simulation
simulation = Simulation("bl09u").start()
print(json.dumps(list(simulation.pids.values())), flush=True)
sys.stdin.read()
"""


def all_end(descriptors, within_s):
    """Await the end of processes, by descriptors of `os.pidfd_open`: these tell it of zombies, too."""
    deadline = time.monotonic() + within_s
    running = set(descriptors)
    while running and (left := deadline - time.monotonic()) > 0:
        running -= set(select.select(running, [], [], left)[0])
    for descriptor in descriptors:
        os.close(descriptor)
    return not running


def free_port():
    tcp, udp = bind_pair(0)
    with tcp, udp:
        return tcp.getsockname()[1]


def test_a_simulation_from_its_start_to_its_end(monkeypatch, tmp_path):
    """Ports as asked for, announced to the user only, found running; at the end all gone, and with status 0."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    port = free_port()
    with Simulation("bl09u", port=port, sample="none") as simulation:
        assert (simulation.ports["beamline"], simulation.ports["ring"]) == (port, port + 1)
        assert simulation.environment["EPICS_CA_ADDR_LIST"] == f"127.0.0.1:{port} 127.0.0.1:{port + 1}"
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is in use"):
            Simulation("bl09u", port=port).start()
        assert stat.S_IMODE(simulation.announce().stat().st_mode) == 0o600
        (found,) = announce.running()
        assert (found["pid"], found["token"], found["ports"]) == (os.getpid(), simulation.token, simulation.ports)
        simulation.check()
        processes = [child._process for child in simulation._children.values()]
    assert announce.running() == []
    assert [process.returncode for process in processes] == [0, 0, 0]


def test_children_end_when_their_parent_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        pids = json.loads(parent.stdout.readline())
        assert len(pids) == 3
        descriptors = [os.pidfd_open(pid) for pid in pids]
        parent.send_signal(signal.SIGKILL)
        parent.wait(5)
    assert all_end(descriptors, 2.0)


def test_everything_listens_on_loopback_only(simulation):
    addresses = set()
    for pid in simulation.pids.values():
        for one in psutil.Process(pid).net_connections("inet"):
            addresses.add(one.laddr.ip)
    assert addresses == {"127.0.0.1"}


def test_a_server_that_dies_is_noticed(simulate):
    simulation = simulate(sample="none")
    descriptor = os.pidfd_open(simulation.pids["ring"])
    os.kill(simulation.pids["ring"], signal.SIGKILL)
    assert all_end([descriptor], 5.0)
    with pytest.raises(ServerDied, match=r"the ring server .* was killed by SIGKILL"):
        simulation.check()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sample": "fe_fiol"}, "fe_fiol"),
        ({"sample": "nowhere.xdi"}, r"nowhere\.xdi"),
        ({"config": "/nonexistent"}, r"/nonexistent: no facility\.toml there"),
    ],
)
def test_a_bad_start_is_one_clear_line(options, words):
    with pytest.raises(ServerError, match=words) as caught:
        Simulation("bl09u", **options).start()
    assert "\n" not in str(caught.value)


def test_an_unknown_beamline_names_the_known():
    with pytest.raises(ServerError, match="unknown beamline 'bl9u'; did you mean bl09u"):
        Simulation("bl9u").start()


def test_a_beamline_without_its_ring_says_so(serve):
    port = free_port()
    process = serve("bl09u", "--ring-port", str(port), "--sample", "none")
    said = json.loads(process.stdout.readline())
    assert f"no ring server with SR:SIM:Time answers on 127.0.0.1:{port}" in said["error"]
    assert process.wait(5) == 3


def test_announcements_of_the_dead_are_swept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    path = announce.write({"pid": gone.pid, "pids": {"ring": gone.pid}, "ports": {"beamline": 1}})
    assert announce.running() == []
    assert not path.exists()
