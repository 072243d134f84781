"""`note "text"`: what the user remarks, in the run if one is open, and in a file of its own always.

===============================  ===================================================================================
when                             where it is found
===============================  ===================================================================================
always                           ``notes/<beamline>.jsonl`` in the data directory: time, who, proposal, run, text
while a run is paused            in the run too: one event of the stream ``notes``, written when the run goes on, or
                                 when it is closed
between runs                     with the uid of the last run in ``after_run``
===============================  ===================================================================================
"""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

from bluesky.utils import MsgGenerator

from beam.errors import TerasuError
from daq.errors import UsageError
from daq.line_file import LineFile
from daq.note import Note

LONGEST = 4000


class NoteError(TerasuError):
    """Notes that cannot be read."""


class Notes:
    """A preprocessor for the engine, a document callback, and the file.

    Parameters
    ----------
    path
        Of the file.
    proposal
        Written with each note.
    """

    def __init__(self, path: Path, proposal: str | None) -> None:
        self.path, self.proposal = path, proposal
        self._file = LineFile(path, _note, NoteError)
        self.note = Note("notes", "note")
        self._waiting: list[str] = []
        self._open: str | None = None
        self._last: str | None = None

    def document(self, name: str, doc: Any) -> None:
        """Note which run is open."""
        if name == "start":
            self._open = self._last = str(doc["uid"])
        elif name == "stop":
            self._open = None

    def add(self, text: str) -> str:
        """Keep `text`; return in a sentence where.

        Raises
        ------
        UsageError
            Nothing was said, or too much.
        DataError
            The file cannot be written.
        """
        text = text.strip()
        if not text or len(text) > LONGEST:
            raise UsageError(f"note: must have 1 to {LONGEST} characters, not {len(text)}")
        record = {"time": time.time(), "who": getpass.getuser(), "proposal": self.proposal}
        record |= {"run": self._open, "after_run": None if self._open else self._last, "text": text}
        self._file.append(lambda _: record)
        if self._open is None:
            return f"noted in {self.path}"
        self._waiting.append(text)
        return f"noted in {self.path}, and in run {self._open[:8]} when it goes on"

    def __call__(self, plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
        """Return `plan` with what was noted while it was paused, where no point is being taken."""
        answer: Any = None
        error: Exception | None = None
        open_runs: list[Any] = []
        while True:
            try:
                msg = plan.send(answer) if error is None else plan.throw(error)
            except StopIteration as end:
                return end.value
            error = None
            try:
                if msg.command in ("checkpoint", "close_run") and open_runs:
                    while self._waiting:  # before the checkpoint: a pause after it does not note it twice
                        yield from self.note.say(open_runs[-1], text=self._waiting.pop(0))
                answer = yield msg
            except GeneratorExit:
                plan.close()
                raise
            except Exception as raised:
                answer, error = None, raised
            else:
                if msg.command == "open_run":
                    open_runs.append(msg.run)
                elif msg.command == "close_run" and msg.run in open_runs:
                    open_runs.remove(msg.run)


def _note(number: int, record: Any) -> dict[str, Any]:
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise ValueError(f"note {number} has no text")
    return record
