"""Registration in a database that outlives the export, and the export killed and started again under its clients.

In pytango-db, and in the C++ DataBaseds on MariaDB where that is installed (`make test-tango-db`).
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tango

from daq.errors import Refused
from daq.tango_export.database import Embedded, Existing, connect
from daq.tango_export.registration import changes, register
from ioc_sim.launch import Simulation
from tests.chain import tango_db

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
SERVER = "TerasuExport/bl09u"


@pytest.fixture(scope="module", params=["pytango-db", pytest.param("mariadb", marks=pytest.mark.full)])
def database(request, tmp_path_factory):
    if request.param == "mariadb":
        if absent := tango_db.missing():
            pytest.skip(f"NOT RUN: the C++ DataBaseds on MariaDB: {absent}")
        with tango_db.running(tmp_path_factory.mktemp("tango-db")) as host, pytest.MonkeyPatch.context() as patch:
            patch.setenv("TANGO_HOST", host)
            yield host
        return
    with Embedded().opened("TerasuExport", "other", []) as running:
        yield running.host


def terasu_tango(*words, environment=None):
    return subprocess.Popen(
        [sys.executable, "-m", "daq.cli", "tango", *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_diff_is_what_is_carried_out_and_nothing_is_left_of_it(database):
    there = connect()
    first = {"x/a/1": "A", "x/b/1": "B"}
    found = changes(there, "Exp/1", first)
    assert [str(one) for one in found] == ["+ x/a/1 (A)", "+ x/b/1 (B)"]
    register(there, "Exp/1", found)
    assert changes(there, "Exp/1", first) == []
    second = {"x/b/1": "C", "x/d/1": "D"}
    found = changes(there, "Exp/1", second)
    assert [str(one) for one in found] == ["~ x/b/1 (C)", "+ x/d/1 (D)", "- x/a/1 (A)"]
    register(there, "Exp/1", found)
    assert changes(there, "Exp/1", second) == []


def test_a_device_of_another_server_is_not_taken(database):
    there = connect()
    register(there, "Pmac/1", changes(there, "Pmac/1", {"x/pmac/1": "Pmac"}))
    with pytest.raises(Refused, match=r"x/pmac/1 is registered for the Tango server Pmac/1: it cannot be exported"):
        changes(there, "Exp/2", {"x/pmac/1": "A"})


def test_an_export_that_is_not_registered_says_what_to_run(database):
    from daq.tango_export.face import Face

    face = Face("x/new/1", "New", list, lambda: None, lambda: None, lambda _: lambda: None)
    with pytest.raises(Refused, match=r"does not know the devices of Exp/3 .*run `terasu tango register 3` first"):
        Existing().opened("Exp", "3", [face]).__enter__()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1:1", r"no Tango database answers at TANGO_HOST=127\.0\.0\.1:1"),
        ("nonsense", r"TANGO_HOST = 'nonsense': must be host:port"),
    ],
)
def test_the_database_that_does_not_answer_is_named(monkeypatch, host, words):
    monkeypatch.setenv("TANGO_HOST", host)
    with pytest.raises(Refused, match=words):
        connect()


@pytest.mark.full
def test_register_shows_first_and_does_nothing_twice(database):
    for words, status, last in (
        ((), 3, r"\+ bl09u/daq/engine \(RunEngine_bl09u\)"),
        (("--yes",), 0, rf"{SERVER}: \d+ devices are registered now"),
        (("--yes",), 0, rf"{SERVER}: all \d+ devices are registered"),
    ):
        process = terasu_tango("register", "bl09u", *words)
        out, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == status, errors
        assert re.fullmatch(last, out.splitlines()[-1])
        assert ("nothing was changed: --yes carries it out" in errors) == (status == 3)


@pytest.mark.full
def test_clients_hear_of_the_end_and_are_told_again_after_a_restart(database, tmp_path):
    with Simulation("bl09u", time_scale=10.0, seed=1, sample="none") as running:
        environment = {**running.environment, "TERASU_DATA": str(tmp_path), "TANGO_HOST": database}
        registered = terasu_tango("register", "bl09u", "--yes", environment=environment)
        registered.communicate(timeout=PATIENCE_S)
        assert registered.returncode == 0
        heard = []
        exports = []
        number, proxy = None, None
        try:
            for _ in range(2):
                exports.append(terasu_tango("bl09u", environment=environment))
                assert "ready\n" in iter(exports[-1].stdout.readline, "")
                if proxy is None:
                    proxy = tango.DeviceProxy(f"tango://{database}/bl09u/dcm/bragg")
                    number = proxy.subscribe_event("Position", tango.EventType.CHANGE_EVENT, heard.append)
                    until(lambda: heard)
                    exports[-1].send_signal(signal.SIGKILL)
                    until(lambda: heard[-1].err)
                    assert heard[-1].errors[-1].reason == "API_EventTimeout"
            until(lambda: not heard[-1].err)
            assert heard[-1].attr_value.value == pytest.approx(16.2)
            until(lambda: answers(proxy))
        finally:
            if number is not None:
                proxy.unsubscribe_event(number)
            for one in exports:
                one.kill()
                one.communicate()


def answers(proxy):
    try:
        return proxy.state() == tango.DevState.ON
    except tango.DevFailed:
        return False


def until(happened):
    end, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not happened():
        assert time.monotonic() < end
        pause.wait(0.05)
