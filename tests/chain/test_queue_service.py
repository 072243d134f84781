"""The queue as a service: its units are sound, and an external Redis is used, and left as it was."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from daq.errors import UsageError
from daq.queue.errors import NoRedis
from daq.queue.external_store import VARIABLE, asked, external_store
from daq.queue.store import program
from tests.harness import ROOT
from tests.queue_driver import Queue

DEPLOY = ROOT / "deploy"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("db:6380", "db:6380/0"),
        (":secret@127.0.0.1:6380/3", ":secret@127.0.0.1:6380/3"),
        ("curie:secret@db.lab:1/0", "curie:secret@db.lab:1/0"),
    ],
)
def test_addresses_of_redis(text, address):
    assert external_store(text).address == address


@pytest.mark.parametrize("text", ["db", ":secret@db", "db:0", "db:99999", "redis://db:1", "db:1/x", "a b:1"])
def test_what_is_no_address_is_refused_without_its_password(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UsageError, match="is expected") as told:
        asked()
    assert "secret" not in str(told.value)


def test_a_redis_that_does_not_answer_is_said(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert asked() is None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoRedis, match=f"no Redis server answers at 127.0.0.1:{port}"):
        external_store(f":secret@127.0.0.1:{port}").start()


def test_what_is_shipped_holds_no_secret_and_names_what_there_is():
    units = {one.name for one in (DEPLOY / "systemd").iterdir()}
    assert units == {"terasu-queue@.service", "terasu-redis.service"}
    environment = (DEPLOY / "queue.env").read_text()
    for name in re.findall(r"^#?(TERASU_\w+)=", environment, re.MULTILINE):
        if name != "TERASU_QUEUE_OPTIONS":
            assert any(name in one.read_text() for one in [*ROOT.glob("daq/**/*.py"), *ROOT.glob("beam/*.py")]), name
    assert "$TERASU_QUEUE_OPTIONS" in (DEPLOY / "systemd/terasu-queue@.service").read_text()
    assert "bind 127.0.0.1" in (DEPLOY / "redis.conf").read_text()


@pytest.mark.full
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_the_units_are_sound(tmp_path):
    # with programs that are there: what is asked is whether systemd understands the rest
    for path in (DEPLOY / "systemd").iterdir():
        name = path.name.replace("@.", "@bl09u.")
        text = re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / name).write_text(text)
    (tmp_path / "terasu-queue@.service").write_text((tmp_path / "terasu-queue@bl09u.service").read_text())
    units = [str(one) for one in tmp_path.iterdir()]
    said = subprocess.run(
        ["systemd-analyze", "--user", "verify", *units],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert [line for line in said.stderr.splitlines() if str(tmp_path) in line or "terasu" in line] == []


@pytest.mark.full
def test_an_external_redis_keeps_the_queue(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = f'bind 127.0.0.1\nport {port}\nrequirepass secret\ndir "{tmp_path}"\nappendonly yes\nsave ""\n'
    redis = subprocess.Popen([str(program()), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    redis.stdin.write(settings)
    redis.stdin.close()
    queue = Queue(tmp_path / "data")
    queue.environment[VARIABLE] = f":secret@127.0.0.1:{port}/0"
    try:
        queue.up()
        queue.text("add", "count", "num=1", "--id", "kept")
        assert "redis" not in queue.json("list")["processes"]
        assert not list(Path(queue.data).glob("queue/*/appendonly*"))
        queue.text("down")
        assert redis.poll() is None
        queue.process.communicate()
        queue.up()
        (waits,) = queue.json("list")["items"]
        assert waits["meta"]["submission"]["id"] == "kept"
    finally:
        queue.close()
        redis.terminate()
        redis.wait(20)
