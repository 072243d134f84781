"""Who may log in over HTTP, and with what: a file that only its owner reads, made when it is first needed.

    {"secret": "…", "users": {"curie": "…"}}

``secret`` signs the tokens that the server hands out; each user has a key of the machine's choosing. Groups follow from
the users' names, as everywhere (`config/access.toml`).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daq.errors import Refused, UsageError
from daq.queue.place import Place, write_private

FILE = "http-users.json"
NAME = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}")
BYTES = 24


def path_of(place: Place) -> Path:
    """Return the file of a queue."""
    return place.kept / FILE


def keys(place: Place, owner: str) -> dict[str, Any]:
    """Return what the file holds; made, with a key for the owner, where there is none.

    Raises
    ------
    Refused
        Others can read it, or it is damaged.
    """
    with _alone(place):
        if not path_of(place).exists():
            write_private(path_of(place), {"secret": secrets.token_hex(32), "users": {owner: _new_key()}})
        return _read(place)


def add_user(place: Place, name: str, owner: str) -> str:
    """Give a user a new key, and return it.

    Raises
    ------
    UsageError
        The name is no name of a user.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"user {name!r}: letters, digits and . _ @ - are allowed, 64 characters at most")
    place.kept.mkdir(parents=True, exist_ok=True)
    keys(place, owner)
    with _alone(place):
        found = _read(place)
        found["users"][name] = _new_key()
        write_private(path_of(place), found)
    return found["users"][name]


def _new_key() -> str:
    return secrets.token_urlsafe(BYTES)


def _read(place: Place) -> dict[str, Any]:
    path = path_of(place)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise Refused(f"{path}: others may read it (mode {mode:o}): chmod 600, and give its users new keys")
        found = json.loads(path.read_text())
        if isinstance(found["secret"], str) and all(isinstance(one, str) for one in found["users"].values()):
            return found
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Refused(f"{path}: is damaged: remove it, and all users get new keys")


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Let no two processes make the file at once."""
    handle = os.open(place.kept / f"{FILE}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
