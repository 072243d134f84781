import pytest

from beam import facts
from devices import deadlines
from tests.devices.fake_server import FakeBeamline, FakeServer


@pytest.fixture
def server():
    return FakeServer()


@pytest.fixture(scope="session")
def the_facts():
    return facts.load("bl09u")


@pytest.fixture
def bl(server, the_facts):
    import beamlines

    facility, beamline = the_facts
    tree = beamlines.page_of("bl09u")(facility, beamline, server)
    tree.fake = FakeBeamline(server, facility, beamline)
    return tree


@pytest.fixture
def impatient(monkeypatch):
    """Deadlines that pass at once, so that no test has to wait for them."""
    monkeypatch.setattr(deadlines.PATIENCE, "margin_s", 0.05)
    monkeypatch.setattr(deadlines.PATIENCE, "factor", 0.0)


@pytest.fixture
def bl13u(server):
    import beamlines

    facility, beamline = facts.load("bl13u")
    tree = beamlines.page_of("bl13u")(facility, beamline, server)
    tree.fake = FakeBeamline(server, facility, beamline)
    return tree
