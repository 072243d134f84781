"""A file of versions: one line of JSON each, appended and never changed, shared by processes.

=======================  =============================================================================================
what happens             what the file holds
=======================  =============================================================================================
a version is written     one more line, on disk before anybody is told; a second process waits for the lock and builds
                         on that version
the writer dies          at most a last line without its end: no version yet; the next writer removes it
the disk refuses         nothing of the line; an error
somebody reads           whole lines only, without a lock
a line is damaged        an error that names it; nothing is guessed and nothing is written
=======================  =============================================================================================
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from beam.errors import TerasuError
from daq.errors import DataError
from daq.journal_append import append
from daq.sync_directory import sync_directory

T = TypeVar("T")


class LineFile(Generic[T]):
    """The versions in one file.

    Parameters
    ----------
    path
        Of the file; made with its directory when the first version is written.
    parse
        Makes a version of its number, counted from 1, and what its line holds; ValueError, TypeError or AttributeError
        where that is damaged.
    damaged
        The error that says so.
    """

    def __init__(self, path: Path, parse: Callable[[int, Any], T], damaged: type[TerasuError]) -> None:
        self.path, self._parse, self._damaged = path, parse, damaged

    def read(self) -> list[T]:
        """Return all versions, the oldest first; raise the error given where a line is damaged."""
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._damaged(f"{self.path}: {error.strerror or error}") from error
        return self._versions(text[: text.rfind(b"\n") + 1])

    def append(self, make: Callable[[list[T]], dict[str, Any] | None]) -> list[T]:
        """Append what `make` makes of the versions before, or nothing if that is None; return all there are now.

        Raises
        ------
        DataError
            It cannot be written; nothing has changed.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._unwritten(error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            text = os.pread(handle, os.fstat(handle).st_size, 0)
            whole = text.rfind(b"\n") + 1
            before = self._versions(text[:whole])
            made = make(before)
            if made is None:
                return before
            if whole < len(text):
                os.ftruncate(handle, whole)
            append(handle, json.dumps(made, allow_nan=False, ensure_ascii=False).encode() + b"\n", whole)
            os.fsync(handle)
            sync_directory(self.path.parent)
            return [*before, self._parse(len(before) + 1, made)]
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            os.close(handle)

    def _versions(self, text: bytes) -> list[T]:
        found: list[T] = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                found.append(self._parse(number, json.loads(line)))
            except (ValueError, TypeError, AttributeError) as error:
                raise self._damaged(f"{self.path}, line {number}: is damaged: {error}") from error
        return found

    def _unwritten(self, error: OSError) -> DataError:
        return DataError(f"{self.path}: cannot be written: {error.strerror or error}")
