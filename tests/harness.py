"""Fixtures that drive the whole product: the `terasu` command as a user types it, and an engine on real servers."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 120
ALONE = {"EPICS_CA_ADDR_LIST": ""}
"""Other tests of this process may have made the environment point at servers of theirs."""


class Terasu:
    """The command line, with a data directory of its own."""

    python = sys.executable

    def __init__(self, data: Path, profiles: Path) -> None:
        self.data = data
        # a runtime directory of its own, too: what other tests serve at the same time is none of its business
        runtime = data.parent / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        self.environment = {
            "TERASU_DATA": str(data),
            "TILED_PROFILES": str(profiles),
            "XDG_RUNTIME_DIR": str(runtime),
        }
        self._started: list[subprocess.Popen[str]] = []

    def popen(self, *words: str, environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start a command; ended with the test."""
        process = subprocess.Popen(
            [self.python, "-m", "daq.cli", *words],
            cwd=ROOT,
            env={**os.environ, **self.environment, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def command(self, *words: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        process = self.popen(*words, environment=environment)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def run(self, *words: str) -> dict:
        """Run a command that must succeed; return the JSON object that it prints last."""
        return self.finish(self.popen(*words, "--json"))

    @staticmethod
    def finish(process: "subprocess.Popen[str]", timeout_s: float = TIMEOUT_S) -> dict:
        """Wait for a command that must succeed; return the JSON object that it prints last."""
        out, err = process.communicate(timeout=timeout_s)
        assert process.returncode == 0, err
        return json.loads(out.splitlines()[-1])

    def text(self, *words: str) -> str:
        """Run a command that must succeed; return what it prints."""
        answer = self.command(*words)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def start_and_wait_for_points(self, points: int, *words: str) -> "tuple[subprocess.Popen[str], str]":
        """Start a run and wait until its table shows so many points; return the process and the run's uid."""
        process = self.popen(*words)
        assert process.stdout is not None
        for line in process.stdout:
            first = line.split()[:1]
            if first == [str(points)]:
                break
        else:
            raise AssertionError(process.stderr.read() if process.stderr else "it ended")
        # the pipe must not fill while the process goes on
        threading.Thread(target=lambda: contextlib.suppress(ValueError) and process.stdout.read(), daemon=True).start()
        (journal,) = (self.data / "journal").glob("*/*.jsonl")
        return process, journal.stem

    def documents(self, uid: str):
        """Return start, descriptors by stream, events by stream, and stop of a run, from its journal."""
        from daq.journal_reader import read

        (path,) = (self.data / "journal").glob(f"*/{uid}*.jsonl")
        start, stop, descriptors, names, events = {}, None, {}, {}, {}
        for name, doc in read(path).documents:
            if name == "start":
                start = doc
            elif name == "descriptor":
                descriptors[doc["name"]] = doc
                names[doc["uid"]] = doc["name"]
                events.setdefault(doc["name"], [])
            elif name == "event":
                events[names[doc["descriptor"]]].append(doc)
            elif name == "stop":
                stop = doc
        return start, descriptors, events, stop

    def wait_until_readable(self, uid: str) -> None:
        """Wait until the catalogue has the whole run."""
        from daq.catalogue import wait_until_readable

        wait_until_readable(self.data, uid, TIMEOUT_S)

    def stop_catalogue(self) -> None:
        """End the catalogue process, if one runs."""
        from daq.catalogue import stop_catalogue

        stop_catalogue(self.data)

    def close(self) -> None:
        """Leave nothing running."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        self.stop_catalogue()


@pytest.fixture
def terasu(tmp_path):
    """The `terasu` command with a data directory of its own; nothing of it runs on after the test."""
    one = Terasu(tmp_path / "terasu-data", tmp_path / "profiles")
    yield one
    one.close()


@pytest.fixture
def config_copy(tmp_path):
    """A copy of the configuration that a test may change."""
    return shutil.copytree(ROOT / "config", tmp_path / "config")


class Acquire:
    """An engine on the device tree of a simulated BL09U; call it with a plan."""

    def __init__(self, tree) -> None:
        from bluesky import RunEngine

        self.tree = tree
        self.engine = RunEngine({}, context_managers=[], call_returns_result=True)

    def __call__(self, plan):
        from daq.errors import innermost

        try:
            return self.engine(plan).plan_result
        except Exception as error:
            raise innermost(error) from error

    @staticmethod
    def put(address: str, value) -> None:
        """Write a PV that no device has, and wait for the completion."""
        import epics

        assert epics.caput(address, value, wait=True, timeout=10) == 1


@pytest.fixture(scope="session")
def _acquire(simulation):
    import beamlines
    from devices.deadlines import set_time_scale

    set_time_scale(100.0)
    tree = beamlines.load("bl09u")
    tree.connect(20.0)
    yield Acquire(tree)
    for device in tree.devices.values():
        device.destroy()


@pytest.fixture
def acquire(_acquire):
    """Runs plans on the session's simulated BL09U (`simulation` in tests/chain/conftest.py)."""
    return _acquire


def started(process):
    """Wait until a `terasu sim` is ready; return the variables that it exports."""
    said = {}
    for line in process.stdout:
        if line == "ready\n":
            return said
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").strip().partition("=")
            said[name] = value.strip("'")
    raise AssertionError(process.stderr.read())
