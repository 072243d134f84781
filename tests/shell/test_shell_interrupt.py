"""Ctrl-C leads to the menu, what the menu says is done, and what is remarked meanwhile is in the run."""

import json
import signal
import threading

import pytest


@pytest.fixture
def pressed(bl):
    """Ctrl-C comes in the middle of the third exposure."""

    def press(after=3):
        scaler = bl.fake.scaler
        counted = scaler._count

        def held(value, done):
            if value and scaler.exposures >= after - 1 and not scaler.hold:
                scaler.hold = True
                counted(value, done)
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            else:
                counted(value, done)
                if not value:
                    scaler.hold = False
                    scaler.server.on_write[f"{scaler.prefix}.CNT"] = counted

        scaler.server.on_write[f"{scaler.prefix}.CNT"] = held

    return press


@pytest.fixture
def documents(commands):
    found = []
    commands.desk.engine.subscribe(lambda name, doc: found.append((name, doc)))
    return found


def stops(documents):
    return [doc["exit_status"] for name, doc in documents if name == "stop"]


def points(documents):
    primary = {doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == "primary"}
    return sum(name == "event" and doc["descriptor"] in primary for name, doc in documents)


@pytest.mark.parametrize(
    ("answers", "status", "taken"),
    [
        (["resume"], "success", 6),
        (["nonsense", "", "r"], "success", 6),
        (["stop"], "success", 2),
        (["a"], "abort", 2),
        ([KeyboardInterrupt], "abort", 2),
    ],
)
def test_what_the_menu_says_is_done(says, user, bl, pressed, documents, answers, status, taken):
    says("mv shutter open")
    pressed()
    user.pending = list(answers)
    shown = says("ascan energy 7100 7110 5 0.1")
    assert "paused, shutter close" in shown
    assert "nothing moves" in shown
    assert user.pending == []
    assert (stops(documents), points(documents)) == ([status], taken)
    assert f"{status}: {taken} points" in shown
    assert bl.counter.exposures.get() >= taken


def test_what_still_moves_is_named(says, user, bl, pressed):
    bl.fake.motors["pitch"].hold = True
    bl.dcm.pitch.set(30)  # by somebody else
    pressed()
    user.pending = ["a"]
    assert "still moving: dcm_pitch" in says("ascan energy 7100 7110 5 0.1")
    bl.fake.motors["pitch"].hold = False
    bl.fake.motors["pitch"].arrive()


@pytest.mark.parametrize("answer", ["prompt", EOFError])
def test_a_note_during_a_pause_is_in_the_run_and_in_the_file(says, user, commands, pressed, documents, answer):
    engine = commands.desk.engine
    pressed()
    user.pending = [answer]
    says("ascan energy 7100 7110 5 0.1")
    assert engine.state == "paused"
    says('note "looks odd"')
    engine.resume()
    assert stops(documents) == ["success"]
    stream = next(doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == "notes")
    noted = [doc["data"] for name, doc in documents if name == "event" and doc["descriptor"] == stream]
    assert noted == [{"note_text": "looks odd"}]
    kept = json.loads(commands.desk.notes.path.read_text())
    assert (kept["run"], kept["text"]) == (commands.desk.last.start["uid"], "looks odd")
