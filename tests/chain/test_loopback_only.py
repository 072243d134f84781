"""No process of ours can be reached from another machine."""

import os
import socket

import pytest

from tests.harness import ALONE, ROOT, started
from tests.listening import family, reachable

SEEKS = "daq.cli run"
"""libca binds the two UDP sockets by which a client seeks servers to all interfaces, and has no setting for that."""


@pytest.mark.full
def test_every_socket_of_every_process_is_on_loopback(terasu):
    from daq.catalogue.address import running
    from daq.catalogue.start import ensure_catalogue

    mixed = "--config", str(ROOT / "config" / "mixed")
    servers = terasu.popen("sim", "bl09u", *mixed, "--time-scale", "10", "--beside", environment=ALONE)
    terasu.environment |= started(servers)
    engine, _ = terasu.start_and_wait_for_points(1, "run", "bl09u", "count", "num=1000", *mixed)
    ensure_catalogue(terasu.data)
    processes = [*family(servers.pid, engine.pid), *family(running(terasu.data).pid)]
    found = reachable(processes)
    engine.terminate()
    engine.wait(60)
    servers.terminate()
    servers.wait(60)
    names = " ".join(word for one in found for word in one.process.split())
    for process in ("ioc_sim.repeater", "ioc_sim.tango_database", "serve ring", "serve bl09u", "catalogue.serve"):
        assert process in names
    open_to_all = [one for one in found if not one.on_loopback]
    assert [one for one in open_to_all if not (one.protocol == "udp" and SEEKS in one.process)] == []
    assert len(open_to_all) <= 2


def test_a_socket_on_all_interfaces_would_be_found():
    with socket.create_server(("0.0.0.0", 0)) as everywhere, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        found = {one.port: one.on_loopback for one in reachable(family(os.getpid()))}
        assert found[everywhere.getsockname()[1]] is False
        assert found[udp.getsockname()[1]] is True
