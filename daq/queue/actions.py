"""What was done to a queue, by whom and when: one file of lines, never changed, which also says what may run.

An item that has to be approved is *held*, until somebody approves it: that exact call, under that number of the item.
When an approved item comes back into the queue because its plan failed, it has a new number, and what was said of the
old one is *carried* over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daq.errors import DataError
from daq.line_file import LineFile

FILE = "actions.jsonl"


class BadActions(DataError):
    """The file of actions is damaged."""


@dataclass(frozen=True)
class Action:
    """One thing that was done.

    Attributes
    ----------
    at
        POSIX time.
    who
        The name that the client gave; empty if none.
    what
        The manager's word for it (``queue_item_add``), or ``held``, ``approved``, ``rejected``, ``carried``.
    item, call
        The number of the item, the digest of its call, where it is about one.
    detail
        More, in words.
    before
        The number that the item had, where it is carried over.
    """

    at: float
    who: str
    what: str
    item: str = ""
    call: str = ""
    detail: str = ""
    before: str = ""

    @classmethod
    def parse(cls, _: int, said: dict[str, Any]) -> Action:
        """Return what a line holds."""
        return cls(**{key: said[key] for key in said if key in cls.__dataclass_fields__})

    def record(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {key: value for key, value in self.__dict__.items() if value != "" or key == "who"}


@dataclass(frozen=True)
class Standing:
    """What the actions come to: held items with the reason, approved ones with the digest of the call and by whom."""

    held: dict[str, str]
    approved: dict[str, tuple[str, str]]

    def is_approved(self, item: str, call: str) -> bool:
        """Return whether this item, with this call, was approved."""
        return self.approved.get(item, ("", ""))[0] == call


class Actions:
    """The file of one queue.

    Parameters
    ----------
    directory
        In which the queue is kept.
    """

    def __init__(self, directory: Path) -> None:
        self._file = LineFile(directory / FILE, Action.parse, BadActions)

    def note(self, who: str, what: str, **more: str) -> None:
        """Append one."""
        action = Action(time.time(), who, what, **more)
        self._file.append(lambda _: action.record())

    def all(self) -> list[Action]:
        """Return all, the oldest first."""
        return self._file.read()

    def standing(self) -> Standing:
        """Return what they come to."""
        return standing(self.all())


def standing(actions: Iterable[Action]) -> Standing:
    """Return what actions come to."""
    held: dict[str, str] = {}
    approved: dict[str, tuple[str, str]] = {}
    for one in actions:
        if one.what == "held":
            held[one.item] = one.detail
        elif one.what == "approved":
            approved[one.item] = (one.call, one.who)
        elif one.what == "carried":
            if one.before in held:
                held[one.item] = held.pop(one.before)
            if one.before in approved:
                approved[one.item] = approved.pop(one.before)
        elif one.what == "rejected":
            held.pop(one.item, None)
    return Standing(held, approved)
