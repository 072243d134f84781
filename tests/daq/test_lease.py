"""Who may move a station, and who may not any more."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from beam.errors import ConfigError
from daq.errors import Refused, exit_status
from daq.lease import Held, Lease, Lost, current_holder, lease, place
from daq.lease.holder import Holder
from daq.lease.takeovers import path, takeovers

HOLD = """
import sys
from pathlib import Path
from daq.lease import Lease, Lost, place
lease = Lease(place(Path(sys.argv[1]), "bl09u"), "shell", log=Path(sys.argv[1]) / "log")
lease.acquire()
print("held", flush=True)
for _ in sys.stdin:
    try:
        lease.check("energy", 7112.0)
        print("moves", flush=True)
    except Lost as error:
        print(error, flush=True)
"""


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Return a function that makes leases, let go with the test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with contextlib.ExitStack() as stack:

        def make(what="run", token=None, data=tmp_path, station="bl09u", **how):
            one = Lease(place(data, station, token), what, log=path(tmp_path))
            one.acquire(**how)
            stack.callback(one.release)
            return one

        yield make


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the station; each line that it reads, it tries to move."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def moves(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def wait(event):
    assert event.wait(20)


def test_a_second_engine_is_refused_with_the_holders_name_and_how_to_take(held, tmp_path):
    first = held("shell")
    with pytest.raises(Held) as refused:
        held()
    (line,) = str(refused.value).splitlines()
    where = f"{first.me.user} on {socket.gethostname()}"
    assert line.startswith(f"bl09u is held by {where} (terasu shell, pid {os.getpid()}) since ")
    assert "--take" in line
    assert exit_status(refused.value) == 3
    first.check("energy", 7112.0)
    assert current_holder(tmp_path, "bl09u") == first.me
    first.release()
    assert current_holder(tmp_path, "bl09u") is None
    held()


def test_stations_are_held_one_by_one(held):
    held(station="bl09u")
    held(station="bl13u")


def test_what_was_let_go_moves_nothing(held):
    one = held()
    one.release()
    with pytest.raises(Lost):
        one.check("energy", 7112.0)


def test_the_death_of_its_holder_frees_a_station(held, holder, tmp_path):
    with pytest.raises(Held, match=f"pid {holder.pid}"):
        held()
    holder.kill()
    holder.wait()
    assert current_holder(tmp_path, "bl09u") is None
    held()


def test_a_simulation_is_known_by_its_token_wherever_the_data_go(held, tmp_path):
    held(token="aa")
    held(token="bb")
    with pytest.raises(Held, match=r"bl09u \(simulated\) is held by"):
        held(token="aa", data=tmp_path / "elsewhere")


def test_the_files_of_a_simulation_go_with_it_also_those_of_the_killed(held, tmp_path):
    directory = place(tmp_path, "bl09u", "aa").lock.parent
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = Holder("somebody", socket.gethostname(), dead.pid, "run", 0.0, "1")
    (directory / "lease-bb.lock").write_text(left.text())
    held(token="aa").release()
    assert list(directory.glob("lease-*")) == []


@pytest.mark.parametrize("token", ["", "x" * 100])
def test_a_token_that_is_none_is_refused(tmp_path, token):
    with pytest.raises(ConfigError, match="token"):
        place(tmp_path, "bl09u", token)


def test_a_token_names_no_other_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert place(tmp_path, "bl09u", "../x").lock.parent == place(tmp_path, "bl09u", "x").lock.parent


def test_who_is_taken_over_from_is_told_and_only_closes(held, tmp_path):
    loser = held("shell")
    resting, told = threading.Event(), []
    loser.at_rest = resting.is_set
    loser.on_lost(lambda: told.append(loser.why))
    taken = []
    taker = threading.Thread(target=lambda: taken.append(held("run", take=True)))
    taker.start()
    wait(loser.lost)
    loser.check("shutter", "close")
    with pytest.raises(Lost, match=r"energy: bl09u was taken over by .*terasu run"):
        loser.check("energy", 7112.0)
    assert not taken  # before all is at rest
    resting.set()
    taker.join(20)
    assert len(told) == 1
    with pytest.raises(Lost):
        loser.check("shutter", "close")
    loser.release()
    taken[0].check("energy", 7112.0)
    assert current_holder(tmp_path, "bl09u") == taken[0].me
    (noted,) = takeovers(path(tmp_path))
    assert (noted.by, noted.from_whom, noted.answered) == (taken[0].me.record(), loser.me.record(), True)
    with pytest.raises(Held):
        held()


def test_a_holder_that_stands_still_is_taken_from_and_moves_no_more(held, holder, tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "TAKE_S", 0.5)
    assert moves(holder) == "moves"
    holder.send_signal(signal.SIGSTOP)
    taker = held(take=True)
    assert takeovers(path(tmp_path))[0].answered is False
    holder.send_signal(signal.SIGCONT)
    assert "bl09u was taken over by" in moves(holder)
    taker.check("energy", 7112.0)
    holder.kill()
    holder.wait()
    with pytest.raises(Held):  # the end of the loser frees nothing
        held()


def test_only_one_takes_over_at_a_time(held, holder, tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "TAKE_S", 2.0)
    holder.send_signal(signal.SIGSTOP)
    asking = threading.Event()
    first = Lease(place(tmp_path, "bl09u"), "run", log=path(tmp_path), say=lambda _: asking.set())
    taker = threading.Thread(target=first.acquire, kwargs={"take": True})
    taker.start()
    wait(asking)
    with pytest.raises(Held, match=rf"is being taken over by .*\(terasu run, pid {os.getpid()}\)"):
        held(take=True)
    taker.join(20)
    first.check("energy", 7112.0)
    first.release()


def test_a_taker_that_died_leaves_no_trace(held, tmp_path):
    at = place(tmp_path, "bl09u")
    at.request.parent.mkdir()
    at.request.write_text(Holder.this("run").text())
    held().check("energy", 7112.0)
    assert not at.request.exists()


@pytest.mark.parametrize("alive", [True, False])
def test_another_hosts_engine_counts_as_long_as_its_heart_beats(held, tmp_path, monkeypatch, alive):
    monkeypatch.setattr(lease, "BEAT_S", 0.3)
    at = place(tmp_path, "bl09u")
    at.lock.parent.mkdir()
    at.lock.write_text(json.dumps({**Holder.this("run").record(), "host": "elsewhere"}))
    ended = threading.Event()

    def beat():
        while alive and not ended.wait(0.1):
            os.utime(at.lock)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        if alive:
            with pytest.raises(Held, match="on elsewhere"):
                held()
        else:
            held()
    finally:
        ended.set()
        thread.join()


def test_a_place_that_cannot_be_written_is_refused(held, tmp_path):
    (tmp_path / "lease").write_text("")
    with pytest.raises(Refused, match=r"bl09u\.lock: cannot be taken"):
        held()


def test_who_inherits_the_file_holds_the_station_on(held, tmp_path):
    inherit = "import subprocess as s; s.Popen(['cat'], pass_fds=(lease.descriptor,), stdout=s.DEVNULL)"
    script = HOLD.replace("lease.acquire()", f"lease.acquire()\n{inherit}")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdin=pipe, stdout=pipe, text=True) as dead:
        assert dead.stdout.readline() == "held\n"
        dead.kill()
        dead.wait()
        said, waiting = [], threading.Event()

        def say(line):
            said.append(line)
            waiting.set()

        one = Lease(place(tmp_path, "bl09u"), "run", log=path(tmp_path), say=say)
        acquiring = threading.Thread(target=one.acquire)
        acquiring.start()
        wait(waiting)
        dead.stdin.close()  # the end of `cat`
    acquiring.join(20)
    one.check("energy", 7112.0)
    one.release()
    assert "its last engine died; waiting until its guard has closed the shutter" in said[0]
