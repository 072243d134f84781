"""A queue as a user starts it, with data and runtime directories of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

from tests.harness import ROOT

TIMEOUT_S = 60
LOOK_S = 0.1
QSERVER = Path(sys.executable).with_name("qserver")


class Queue:
    """`terasu queue up bl09u --sim` and what one asks of it."""

    def __init__(self, data: Path, scale: float = 100.0) -> None:
        self.data = data
        # short: a socket's address has 107 bytes at most
        self.runtime = Path(tempfile.mkdtemp(prefix="terasu-q-"))
        self.environment = {"TERASU_DATA": str(data), "XDG_RUNTIME_DIR": str(self.runtime)}
        self.scale = scale
        self.process: subprocess.Popen[str] | None = None

    def up(self, *more: str) -> None:
        """Start it and wait until it is ready."""
        words = ["queue", "up", "bl09u", "--sim", "--seed", "7", "--time-scale", f"{self.scale:g}", *more]
        self.process = self._popen([sys.executable, "-m", "daq.cli", *words])
        assert self.process.stdout is not None
        for line in self.process.stdout:
            name, _, value = line.removeprefix("export ").strip().partition("=")
            if name.startswith("QSERVER"):
                self.environment[name] = value
            if line == "ready\n":
                return
        raise AssertionError(self.process.communicate()[1])

    def command(self, *words: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run `terasu queue …` to its end."""
        process = self._popen([sys.executable, "-m", "daq.cli", "queue", *words], environment)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def text(self, *words: str) -> str:
        """Run a command that must succeed; return what it prints."""
        answer = self.command(*words)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def json(self, *words: str) -> dict:
        """Run a command that must succeed; return the JSON object that it prints last."""
        return json.loads(self.text(*words, "--json").splitlines()[-1])

    def qserver(self, *words: str) -> str:
        """Run the unmodified `qserver`; return what it prints."""
        process = self._popen([str(QSERVER), *words])
        out, err = process.communicate(timeout=TIMEOUT_S)
        # it breaks long text over lines
        return re.sub(r"(['\"])\n\s+(['\"])", "", out + err)

    def wait_for(self, fulfilled, within_s: float = TIMEOUT_S) -> dict:
        """Return what `queue list --json` says as soon as `fulfilled` is content with it."""
        pause = threading.Event()
        said = None
        for _ in range(int(within_s / LOOK_S)):
            answer = self.command("list", "--json")
            if answer.returncode == 0:
                said = json.loads(answer.stdout)
                if fulfilled(said):
                    return said
            pause.wait(LOOK_S)
        raise AssertionError(said)

    def wait_until_stopped(self) -> dict:
        """Wait until nothing runs and there is a worker; return the list."""
        return self.wait_for(lambda one: idle(one["status"]))

    def history(self, limit: int = 20) -> list[dict]:
        """Return what ran."""
        return self.json("history", "--limit", str(limit))["items"]

    def journals(self) -> list[Path]:
        """Return the journals of all runs, the oldest first."""
        return sorted((self.data / "journal").glob("*/*.jsonl"), key=lambda one: one.stat().st_ctime)

    def close(self) -> None:
        """Leave nothing running."""
        from daq.catalogue import stop_catalogue

        if self.process is not None:
            family = [self.process, *psutil.Process(self.process.pid).children(recursive=True)]
            self.process.terminate()
            try:
                self.process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                for one in family:
                    one.kill()
            self.process.wait()
        stop_catalogue(self.data)
        shutil.rmtree(self.runtime)

    def _popen(self, command: list[str], environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.environment, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def idle(status: dict) -> bool:
    """Return whether nothing runs and something could."""
    return status["manager_state"] == "idle" and status["worker_environment_state"] == "idle"
