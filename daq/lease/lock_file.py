"""A file that one process has locked, names its holder, and is as new as that one's last heartbeat.

The lock ends with the last process that has the open file: the holder's, and its guard's if that outlives it. Who
cannot wait for that puts another file in its place (`supersede`); the holder notices, because the file that it has
locked is not the one of that name any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path

from daq.errors import Refused


class LockFile:
    """The lock of one station.

    Parameters
    ----------
    path
        Of the file; made with its directory when it is locked.
    descriptor
        The locked file, where another process handed it on.
    """

    def __init__(self, path: Path, descriptor: int = -1) -> None:
        self.path = path
        self.descriptor = descriptor
        # asked before each motion: no path is taken apart for that
        self._name = os.fspath(path)
        self._identity = self._identify()

    def try_to_lock(self) -> bool:
        """Lock the file, or return False because somebody else has.

        Raises
        ------
        Refused
            It can be neither locked nor read.
        """
        while True:
            handle = self._open()
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(handle)
                if error.errno in (errno.EAGAIN, errno.EACCES):
                    return False
                raise self._refused(error) from error
            self.descriptor = handle
            self._identity = self._identify()
            if self.is_ours():
                return True
            self.forget()  # it was removed, or another one was put there, between opening and locking

    def is_ours(self) -> bool:
        """Return whether the file that is locked here is still the one of that name."""
        try:
            there = os.stat(self._name)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == self._identity

    def write(self, text: str) -> None:
        """Say who holds it, in place of what was said before."""
        try:
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, text.encode(), 0)
        except OSError as error:
            raise self._refused(error) from error

    def beat(self) -> None:
        """Make it as new as this moment."""
        with contextlib.suppress(OSError):
            os.utime(self.descriptor)

    def let_go(self, remove: bool) -> None:
        """Unlock it for every process that has it open here; an emptied file, or none, names nobody."""
        if self.descriptor < 0:
            return
        with contextlib.suppress(OSError):
            if remove and self.is_ours():
                self.path.unlink(missing_ok=True)
            os.ftruncate(self.descriptor, 0)
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        self.forget()

    def forget(self) -> None:
        """Close it; another process that has it open keeps the lock."""
        os.close(self.descriptor)
        self.descriptor = -1
        self._identity = None

    def supersede(self) -> None:
        """Put another file in the place of one that its holder does not let go."""
        self.path.unlink(missing_ok=True)

    def _identify(self) -> tuple[int, int] | None:
        if self.descriptor < 0:
            return None
        here = os.fstat(self.descriptor)
        return here.st_dev, here.st_ino

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> Refused:
        return Refused(f"lease {self.path}: cannot be taken: {error.strerror or error}")
