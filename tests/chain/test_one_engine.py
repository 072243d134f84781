"""One engine at a time at a station, over real servers; and what becomes of it when its engine is killed."""

import socket

import psutil
import pytest

from daq.lease import current_holder
from daq.lease.takeovers import path, takeovers
from ioc_sim.launch import Simulation
from tests.chain.conftest import RawClient

START_DEG, FAR_DEG = 16.2, 60.0


@pytest.fixture(scope="module")
def served():
    """A BL09U for everybody who is told of it, at the pace of the hardware: a long move stays under way."""
    with Simulation("bl09u", time_scale=1.0, seed=1) as running:
        yield running


@pytest.fixture
def client(served):
    one = RawClient(served.ports["beamline"])
    one.subscribe("BL09U:STN:State", "BL09U:DCM:Bragg.DMOV")
    yield one
    one.put("BL09U:DCM:Bragg.STOP", 1)
    one.put("BL09U:STN:Close", 1)
    one.close()


def moving(client):
    client.until(lambda: client.latest("BL09U:DCM:Bragg.DMOV") == 0)


def at_rest_on_its_way(client):
    client.until(lambda: client.latest("BL09U:DCM:Bragg.DMOV") == 1)
    return client.get("BL09U:DCM:Bragg.RBV") < FAR_DEG - 1.0


@pytest.mark.full
def test_a_second_engine_is_refused_and_one_that_takes_over_ends_the_first(terasu, served, client):
    scan = "scan", "dcm.bragg", str(START_DEG), str(FAR_DEG), "num=2"
    first = terasu.popen("run", "bl09u", *scan, environment=served.environment)
    moving(client)
    count = "run", "bl09u", "count", "num=1"
    second, looking = (terasu.popen(*count, *more, environment=served.environment) for more in ((), ("--dry-run",)))
    *_, line = second.communicate(timeout=60)[1].splitlines()
    assert second.returncode == 3
    assert "bl09u (simulated) is held by" in line
    assert f"(terasu run, pid {first.pid}) since" in line
    assert "--take" in line
    assert first.poll() is None
    assert looking.wait(60) == 0  # it takes no lease
    third = terasu.command(*count, "--take", environment=served.environment)
    assert third.returncode == 0, third.stderr
    _, said = first.communicate(timeout=30)
    assert first.returncode == 130
    assert "bl09u (simulated) was taken over by" in said
    assert at_rest_on_its_way(client)
    (noted,) = takeovers(path(terasu.data))
    assert noted.from_whom["pid"] == first.pid
    assert noted.answered
    stops = [terasu.documents(one.stem)[3] for one in (terasu.data / "journal").glob("*/*.jsonl")]
    assert sorted(stop["exit_status"] for stop in stops) == ["abort", "success"]


def test_a_killed_engine_leaves_a_closed_shutter_and_axes_at_rest(terasu, served, client, monkeypatch):
    client.put("BL09U:STN:Open", 1)
    engine = terasu.popen("run", "bl09u", "mv", "dcm.bragg", str(FAR_DEG), environment=served.environment)
    moving(client)
    (guard,) = [one for one in psutil.Process(engine.pid).children() if "daq.guardian.process" in one.cmdline()]
    engine.kill()
    engine.wait()
    client.until(lambda: client.latest("BL09U:STN:State") == 0)
    assert at_rest_on_its_way(client)
    guard.wait(20)
    log = (terasu.data / "logs" / "guard-bl09u.log").read_text()
    assert f"pid {engine.pid}" in log
    assert "shutter: asked to close by BL09U:STN:Close; it is Closed" in log
    assert "dcm_bragg: stopped by BL09U:DCM:Bragg.STOP" in log
    monkeypatch.setenv("XDG_RUNTIME_DIR", terasu.environment["XDG_RUNTIME_DIR"])
    assert current_holder(terasu.data, "bl09u", served.token) is None


@pytest.mark.full
def test_an_engine_that_ends_as_it_should_dismisses_its_guard(terasu, served, client):
    client.put("BL09U:STN:Open", 1)
    done = terasu.command("run", "bl09u", "count", "num=1", environment=served.environment)
    assert done.returncode == 0, done.stderr
    assert client.get("BL09U:STN:State") == 2  # whoever opened it wants it open
    assert not (terasu.data / "logs" / "guard-bl09u.log").exists()


@pytest.mark.full
def test_simulations_side_by_side_are_each_their_own_and_ask_nobody_else(terasu, unasked):
    both = [terasu.popen("run", "bl09u", "count", "num=1", "--sim", environment=unasked.environment) for _ in range(2)]
    for one in both:
        _, said = one.communicate(timeout=60)
        assert one.returncode == 0, said
    assert unasked.heard() == []


@pytest.fixture
def unasked():
    """Sockets where real servers would be, that take note of who seeks them."""
    with Unasked() as one:
        yield one


class Unasked:
    """Where the environment of the user says that servers are."""

    def __enter__(self):
        from ioc_sim.sockets import bind_pair, bind_udp

        self._sockets = [*bind_pair(0), bind_udp(0)]
        tcp, _, repeater = (one.getsockname()[1] for one in self._sockets)
        self.environment = {
            "EPICS_CA_ADDR_LIST": f"127.0.0.1:{tcp}",
            "EPICS_CA_AUTO_ADDR_LIST": "NO",
            "EPICS_CA_NAME_SERVERS": f"127.0.0.1:{tcp}",
            "EPICS_CA_SERVER_PORT": str(tcp),
            "EPICS_CA_REPEATER_PORT": str(repeater),
            "TANGO_HOST": f"127.0.0.1:{tcp}",
        }
        return self

    def heard(self):
        """Return what came."""
        came = []
        for one in self._sockets:
            try:
                came.append(one.accept() if one is self._sockets[0] else one.recv(4096))
            except BlockingIOError:
                continue
        return came

    def __exit__(self, *_):
        for one in self._sockets:
            one.close()


def test_the_fixture_hears(unasked):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"?", ("127.0.0.1", int(unasked.environment["EPICS_CA_SERVER_PORT"])))
    assert unasked.heard() == [b"?"]
