"""A catalogue in a PostgreSQL server: filled from the journals, read back, found again after a restart."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from beam.errors import ConfigError
from daq.catalogue import postgresql

PROGRAM = shutil.which("postgres")


@pytest.mark.parametrize("text", ["postgres", "mysql://host/x", "postgresql://host"])
def test_what_is_no_address_is_refused(monkeypatch, text):
    monkeypatch.setenv(postgresql.VARIABLE, text)
    with pytest.raises(ConfigError, match="postgresql://USER:PASSWORD@HOST:PORT/DATABASE is expected"):
        postgresql.asked()


def test_no_password_is_ever_shown(monkeypatch):
    monkeypatch.setenv(postgresql.VARIABLE, "postgresql://curie:radium@db:5433/terasu")
    assert postgresql.asked() == "postgresql://curie:radium@db:5433/terasu"
    assert postgresql.where(postgresql.asked()) == "db:5433/terasu"
    assert postgresql.driver("postgresql://a/b") == "postgresql+asyncpg://a/b"
    monkeypatch.delenv(postgresql.VARIABLE)
    assert postgresql.asked() is None


@pytest.fixture
def server():
    """A PostgreSQL server of the test's own, on loopback."""
    folder = tempfile.mkdtemp(prefix="terasu-pg-")
    owner = {"user": "postgres"} if os.getuid() == 0 else {}  # it does not run as root
    if owner:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    real = os.path.dirname(os.path.realpath(PROGRAM))
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **owner}
    subprocess.run([f"{real}/initdb", "-D", f"{folder}/db", "-U", "terasu", "-A", "trust"], check=True, **quiet)
    options = ["-D", f"{folder}/db", "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-F"]
    process = subprocess.Popen([f"{real}/postgres", *options], **quiet)
    pause = threading.Event()
    create = [f"{real}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "terasu", "terasu"]
    for _ in range(200):
        if subprocess.run(create, check=False, **quiet).returncode == 0:
            break
        pause.wait(0.1)
    yield f"postgresql://terasu@127.0.0.1:{port}/terasu"
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder)


@pytest.mark.full
@pytest.mark.skipif(PROGRAM is None, reason="no PostgreSQL server is installed")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:tiled", "ignore::DeprecationWarning:bluesky")
def test_runs_are_read_back_from_postgresql(server, tmp_path, monkeypatch, record, opened):
    from daq.catalogue import runs, stop_catalogue, wait_until_readable

    monkeypatch.setenv(postgresql.VARIABLE, server)
    uid = record(tmp_path)
    try:
        wait_until_readable(tmp_path, uid)
        before = opened(tmp_path)[uid].primary.read()["energy"].values
        assert len(before) > 3
        assert not (tmp_path / "catalogue" / "catalog.db").exists()
        stop_catalogue(tmp_path)
        assert runs.find(tmp_path, uid[:8]).uid == uid
        assert (opened(tmp_path)[uid].primary.read()["energy"].values == before).all()
    finally:
        stop_catalogue(tmp_path)
