import io
from types import SimpleNamespace

import pytest
from bluesky import RunEngine

from beam import facts
from tests.devices.fake_server import FakeBeamline, FakeServer


class Answers:
    """A user who gives these answers, one a question."""

    def __init__(self) -> None:
        self.pending = []
        self.asked = []

    def __call__(self, question):
        self.asked.append(question)
        answer = self.pending.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer


@pytest.fixture
def server():
    return FakeServer()


@pytest.fixture
def bl(server):
    import beamlines

    facility, beamline = facts.load("bl09u")
    tree = beamlines.page_of("bl09u")(facility, beamline, server)
    tree.fake = FakeBeamline(server, facility, beamline)
    return tree


@pytest.fixture
def user():
    return Answers()


@pytest.fixture
def shown():
    return io.StringIO()


@pytest.fixture
def commands(bl, user, shown, tmp_path):
    """Return the commands at a station whose server is in this process, with an engine as a session makes it."""
    from daq.foresight import Foresight
    from daq.guard import Guard
    from daq.integrity import Integrity
    from daq.journal import Journal
    from daq.shell.commands import Commands
    from daq.shell.desk import Desk
    from daq.shell.screen import Screen
    from daq.signals import PauseOnSignal

    engine = RunEngine({"proposal": "2026A0001"}, context_managers=[PauseOnSignal])
    engine.subscribe(Journal(tmp_path / "journal"))
    integrity = Integrity(Guard(()))
    engine.preprocessors += [Foresight(), integrity]
    engine.subscribe(integrity.document)
    session = SimpleNamespace(
        tree=bl,
        engine=engine,
        data_dir=tmp_path,
        beamline=bl.facts,
        clock=SimpleNamespace(simulated=True),
    )
    return Commands(Desk(session, Screen(shown, live=False), user, plot="text"))


@pytest.fixture
def says(commands, shown):
    """Return a function that types a line and returns what it shows."""

    def typed(line):
        shown.seek(0)
        shown.truncate()
        commands.line(line)
        return shown.getvalue()

    return typed
