"""One child process that ends when we do: its standard input is a pipe of which only we hold the other end."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence

END_S = 3.0
"""Wall time that a child has to end by itself."""
LAST_LINES = 5


class Child:
    """A started process.

    Parameters
    ----------
    name : str
        For messages.
    command : Sequence[str]
        Program and arguments.
    environment : Mapping[str, str]
        Its whole environment.
    descriptors : Sequence[int]
        Open files that it inherits.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int]
    ) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the child
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            pass_fds=descriptors,
            # its own session: Ctrl-C in our terminal is ours to deal with, while the servers go on
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def status(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self._process.poll()

    def read_line(self, within_s: float) -> str:
        """Return the next line it prints, or nothing if it ends or says nothing within `within_s` seconds."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + within_s
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not part:
                break
            line += part
        return line.decode()

    def last_words(self) -> str:
        """Return the last lines it wrote on standard error, in one line."""
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().decode(errors="replace").split("\n")]
        return " | ".join([line for line in lines if line][-LAST_LINES:])

    def end(self) -> None:
        """Ask it to end, as our own end would."""
        if self._process.stdin:
            self._process.stdin.close()

    def reap(self) -> int:
        """Wait for its end, kill it if it does not come; return its exit status."""
        try:
            status = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()
        return status
