"""One journal on its way into the catalogue."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daq.catalogue.writer import RunWriter
from daq.errors import DataError
from daq.journal_reader import Document, Tail, close_abandoned

log = logging.getLogger(__name__)

# A run younger than this is left alone until it stops, so that a short scan is not disturbed by its own recording;
# a longer one is brought up to date every now and then, at a cost of at most a twentieth of one core.
YOUNG_S = 2.0
PART_INTERVAL_S = 2.0
PART_SHARE = 0.05
RETRY_S = 10.0  # after the disk, or the server that writes to it, refused


class Follow:
    """Reads a journal as it grows and brings it into the catalogue.

    `state` is ``open``, ``partial`` (open, and some of it can be read), ``pending`` (stopped, not yet fed),
    ``delayed`` (the disk or the server refused it, with `reason`; tried again every `RETRY_S`), ``complete``, or
    ``refused`` (its journal is damaged or the catalogue has no place for what it holds, with `reason`).
    """

    def __init__(self, path: Path, readable: Sequence[Path] = ()) -> None:
        self.path = path
        self.readable = readable
        self.uid = path.stem
        self.state = "open"
        self.reason = ""
        self.born = time.monotonic()
        self._tail = Tail(path)
        self._waiting: list[Document] = []
        self._writer: RunWriter | None = None
        self._parts_allowed = True
        self._stopped = False
        self._next_part = self.born + YOUNG_S
        self._retry_at = 0.0

    @property
    def size(self) -> int:
        """Bytes of the journal that were read."""
        return self._tail.offset

    def look(self) -> None:
        """Read what is new; close the run if its engine died."""
        if self.state == "delayed" and time.monotonic() < self._retry_at:
            return
        try:
            self._take(self._tail.poll())
            if self._stopped or self.state == "pending" or not self._tail.writer_is_gone():
                return
            if close_abandoned(self.path):
                log.warning("run %s: its engine died; closed as failed", self.uid)
            self._take(self._tail.poll())
            if not self._stopped:
                self._refuse("its engine died before it had written the start of the run")
        except DataError as error:
            self._refuse(str(error))
        except FileNotFoundError:
            self._refuse("its journal is gone")
        except OSError as error:
            self._delay(f"its journal cannot be closed: {error.strerror or error}")

    def _take(self, documents: list[Document]) -> None:
        self._waiting += documents
        if documents and documents[-1][0] == "stop":
            self._stopped = True
            self.state = "pending"

    def due(self) -> bool:
        """Return whether there is something to feed now."""
        if self.state == "delayed" and self._stopped and time.monotonic() >= self._retry_at:
            self.state = "pending"
        if self.state == "pending":
            return True
        return bool(
            self.state in ("open", "partial")
            and self._parts_allowed
            and self._waiting
            and time.monotonic() >= self._next_part
        )

    def feed(self, client: Any) -> None:
        """Bring what is waiting into the catalogue; begin the run anew if that fails."""
        began = time.monotonic()
        try:
            self._write(client, self._waiting)
        except Exception as error:
            log.warning("run %s: feeding it anew after: %r", self.uid, error)
            self._writer = None
            self._parts_allowed = False  # at the stop, in one piece
            if self.state == "pending":
                self._feed_anew(client)
            return
        self._waiting = []
        self.state = "complete" if self.state == "pending" else "partial"
        self._next_part = time.monotonic() + max(PART_INTERVAL_S, (time.monotonic() - began) / PART_SHARE)

    def _write(self, client: Any, documents: list[Document]) -> None:
        if self._writer is None and documents[0][0] != "start":
            raise DataError("the part before is not in the catalogue")
        writer = self._writer or RunWriter(client, self.readable)
        self._writer = writer
        for name, doc in documents:
            writer(name, doc)
        if self.state != "pending":
            writer.flush()

    def _feed_anew(self, client: Any) -> None:
        try:
            remove(client, self.uid)
            again = Tail(self.path)
            try:
                documents = again.poll()
            finally:
                again.close()
            self._write(client, documents)
        except Exception as error:
            if _may_pass(error):
                self._delay(f"the catalogue cannot take it now: {str(error).splitlines()[0]}")
            else:
                log.exception("run %s: refused by the catalogue", self.uid)
                self._refuse(f"{type(error).__name__}: {error}")
            return
        self._waiting = []
        self.state = "complete"

    def _refuse(self, reason: str) -> None:
        self.state, self.reason = "refused", reason
        log.error("run %s (%s): %s", self.uid, self.path, reason)

    def _delay(self, reason: str) -> None:
        if (self.state, self.reason) != ("delayed", reason):
            log.warning("run %s (%s): %s; trying again every %g s", self.uid, self.path, reason, RETRY_S)
        self.state, self.reason = "delayed", reason
        self._retry_at = time.monotonic() + RETRY_S

    def close(self) -> None:
        """Let go of the file."""
        self._tail.close()
        self._writer = None
        self._waiting = []


def _may_pass(error: BaseException) -> bool:
    """Return whether the same documents may be taken later: the server failed, or did not answer."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500
    return isinstance(error, OSError | httpx.TransportError)


def remove(client: Any, uid: str) -> None:
    """Remove what there is of a run, with its tables; nothing, if there is nothing."""
    from tiled.client.utils import ClientError

    try:
        client.delete_contents(uid, recursive=True, external_only=False)
    except ClientError as error:
        if error.response.status_code != 404:
            raise
