"""Where files go, and what they are called: paths below one directory only, names by a C format.

All of it looks at the disk, and therefore runs in a worker thread.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from ioc_sim.errors import Refused

_CONVERSION = re.compile(r"%(?:%|[-+ 0#]*\d{0,3}(?:\.\d{0,3})?([a-zA-Z]|$|.))")
_NUMBERS = frozenset("diuxXo")


def conversions(template: str) -> str:
    """Return the conversions of a template in their order: ``ssd``."""
    return "".join(found or "?" for found in _CONVERSION.findall(template.replace("%%", "")))


def check_template(template: str) -> None:
    """Refuse a template that is not made of up to two texts, directory and name, and then up to one number.

    Anything else would read what is not there.
    """
    found = conversions(template)
    texts = found.rstrip("".join(_NUMBERS))
    if len(found) - len(texts) > 1 or texts.strip("s") or len(texts) > 2 or (len(texts) < 2 and found != texts):
        raise Refused(
            f"FileTemplate {template!r}: %s (directory), %s (name) and %d (number) are allowed, in this order"
        )


def has_number(template: str) -> bool:
    """Say whether a template makes names that differ by their number."""
    return conversions(template)[-1:] in _NUMBERS if conversions(template) else False


def filled(template: str, path: str, name: str, number: int) -> str:
    """Return the name of a file."""
    given = (path, name, number)
    return template % given[: len(conversions(template))]


def normal(path: str) -> str:
    """Return a directory as the plugin shows it: ending in a slash."""
    return path if not path or path.endswith("/") else path + "/"


def exists(path: str) -> bool:
    """Say whether there is such a directory."""
    try:
        return os.path.isdir(path)
    except ValueError:
        return False


def make_directory(root: Path, path: str, depth: int) -> None:
    """Create a directory of which up to `depth` levels may be missing."""
    missing, directory = 0, Path(path)
    while not directory.exists() and directory != directory.parent:
        missing, directory = missing + 1, directory.parent
    if 0 < missing <= depth:
        inside(root, directory)
        Path(path).mkdir(parents=True, exist_ok=True)


def inside(root: Path, directory: Path) -> Path:
    """Return a directory without links; raise PermissionError if it is not below the root."""
    real = Path(os.path.realpath(directory))
    if not real.is_relative_to(os.path.realpath(root)):
        raise PermissionError(errno.EACCES, f"is not below {root}, where this simulation may write", str(directory))
    return real


def checked(root: Path, full: str, numbered: bool) -> Path:
    """Return the path of a file that may be written now; raise OSError if it may not.

    A file of the same name is replaced, as on a real detector, if its name is `numbered`: then someone has set the
    number back. Without a number each file of a series would replace the one before; that is an error.
    """
    path = Path(full)
    directory = inside(root, path.parent)
    if not directory.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    target = directory / path.name
    if target.exists() and not numbered:
        raise FileExistsError(errno.EEXIST, "exists, and FileTemplate has no number", full)
    return target
