"""Tango's C++ DataBaseds on a MariaDB of its own, where both are installed: what a facility has.

Debian: ``apt install tango-db mariadb-server-core mariadb-client-core``. `TERASU_TANGO_DB_ROOT` names another root
directory than ``/`` below which they were unpacked.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import tango

from ioc_sim.sockets import LOOPBACK, hold_port

ROOT = Path(os.environ.get("TERASU_TANGO_DB_ROOT", "/"))
NEEDED = {
    "database": "usr/lib/tango/DataBaseds",
    "server": "usr/sbin/mariadbd",
    "install": "usr/bin/mariadb-install-db",
    "client": "usr/bin/mariadb",
    "tables": "usr/share/dbconfig-common/data/tango-db/install/mysql",
}
LIBRARIES = {} if Path("/") == ROOT else {"LD_LIBRARY_PATH": str(next(ROOT.glob("usr/lib/*-linux-gnu"), ROOT))}
UP_S = 60.0


def missing() -> str:
    """Return what is not installed; empty if all of it is."""
    absent = [str(ROOT / path) for path in NEEDED.values() if not (ROOT / path).exists()]
    return (
        f"{', '.join(absent)} not there (Debian: tango-db, mariadb-server-core, mariadb-client-core)" if absent else ""
    )


@contextlib.contextmanager
def running(directory: Path) -> Iterator[str]:
    """Serve a new database that is kept in a directory; return its TANGO_HOST."""
    paths = {name: str(ROOT / path) for name, path in NEEDED.items()}
    base, data, socket = f"--basedir={ROOT / 'usr'}", f"--datadir={directory / 'data'}", directory / "socket"
    user = ["--user=root"] if os.getuid() == 0 else []
    environment = {**os.environ, **LIBRARIES}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    install = [paths["install"], "--no-defaults", base, data, "--auth-root-authentication-method=normal", *user]
    subprocess.run(install, check=True, **quiet)
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(hold_port()).getsockname()[1] for _ in range(2)]
        listen = [f"--socket={socket}", f"--bind-address={LOOPBACK}", f"--port={ports[0]}", "--skip-name-resolve"]
        server = [paths["server"], "--no-defaults", base, data, *listen, f"--pid-file={directory / 'pid'}", *user]
        stack.enter_context(ended(subprocess.Popen(server, **quiet)))
        as_root = [paths["client"], "--no-defaults", "-uroot", f"--socket={socket}"]
        until(lambda: subprocess.run([*as_root, "-e", "select 1"], check=False, **quiet).returncode == 0)
        tables = Path(paths["tables"]).read_text().replace("/usr/share", str(ROOT / "usr/share"))
        rights = "create user t@'%' identified by 't'; grant all on *.* to t@'%';"
        made = f"create database tango; use tango;\n{tables}\n{rights}"
        subprocess.run(as_root, input=made, text=True, check=True, **quiet)
        host = f"{LOOPBACK}:{ports[1]}"
        login = {"MYSQL_HOST": f"{LOOPBACK}:{ports[0]}", "MYSQL_USER": "t", "MYSQL_PASSWORD": "t", "TANGO_HOST": host}
        command = [paths["database"], "2", "-ORBendPoint", f"giop:tcp:{host}"]
        stack.enter_context(ended(subprocess.Popen(command, **{**quiet, "env": environment | login})))
        until(lambda: answers(ports[1]))
        yield host


def answers(port: int) -> bool:
    try:
        tango.Database(LOOPBACK, port)
    except tango.DevFailed:
        return False
    return True


def until(happened) -> None:
    end, pause = time.monotonic() + UP_S, threading.Event()
    while not happened():
        assert time.monotonic() < end, "it did not come up"
        pause.wait(0.1)


@contextlib.contextmanager
def ended(process: subprocess.Popen) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    sys.exit(missing())
