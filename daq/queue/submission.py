"""From what a user writes to items of the queue: checked one and all before any is queued, and none queued twice.

An item carries its identifier in its metadata, and so do the runs that come of it (``submission`` in the start
document). A batch that is sent again, because its sender did not hear that it had arrived, adds what is not known yet:
what waits, runs, or is in the history under the same identifier is left as it is.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import json
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beam.errors import UnknownName
from daq.errors import UsageError
from daq.queue.client import Client
from daq.queue.errors import BadSubmission
from daq.queue.place import Place

META = "submission"
KEYS = ("plan", "id", "args", "with", "repeat")


@dataclass
class Item:
    """One plan with its arguments, as it will be submitted."""

    plan: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    identifier: str = ""
    batch: str = ""
    forecast: dict[str, Any] = field(default_factory=dict)
    approval: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def call(self) -> dict[str, Any]:
        """What the worker walks."""
        return {"name": self.plan, "args": self.args, "kwargs": self.kwargs}

    def record(self) -> dict[str, Any]:
        """Return it as the manager takes it."""
        meta: dict[str, Any] = {"id": self.identifier, "digest": digest(self.call)}
        if self.batch:
            meta["batch"] = self.batch
        if "expected_s" in self.forecast:
            meta["expected_s"] = self.forecast["expected_s"]
        if self.approval:
            meta["approval"] = self.approval
        return {"item_type": "plan", **self.call, "meta": {META: meta}}


def from_words(plan: str, words: list[str], offered: Mapping[str, Any]) -> Item:
    """Return the item that the words of a command line stand for (``VALUE`` or ``key=value``).

    Raises
    ------
    UnknownName
        No such plan or parameter; the message names the nearest.
    UsageError
        A parameter is given twice.
    """
    parameters = parameters_of(plan, offered)
    item = Item(plan)
    for word in words:
        key, equals, text = word.partition("=")
        if not (equals and key.isidentifier()):
            item.args.append(_value(word))
        elif key in item.kwargs:
            raise UsageError(f"{plan}: {key} is given twice")
        else:
            check_parameter(plan, key, parameters)
            item.kwargs[key] = text if _is_text(parameters.get(key)) else _value(text)
    _fill_detectors(item, parameters)
    return item


def from_file(path: Path, offered: Mapping[str, Any]) -> list[Item]:
    """Return the items of a batch.

    Raises
    ------
    UsageError
        It cannot be read, or is not written as a batch is.
    UnknownName
        No such plan, parameter or key.
    """
    try:
        text = path.read_bytes()
        found = tomllib.loads(text.decode())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    for key in found:
        if key not in ("id", "item"):
            raise UnknownName(f"key of {path}", key, ("id", "item"))
    entries = found.get("item")
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        raise UsageError(f"{path}: [[item]] is expected, once for each plan")
    batch = found.get("id", f"{path.stem}-{hashlib.sha256(text).hexdigest()[:8]}")
    if not isinstance(batch, str) or not batch:
        raise UsageError(f"{path}: id must be text")
    items = [item for number, one in enumerate(entries, 1) for item in _entry(path, number, one, batch, offered)]
    names = [one.identifier for one in items]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise UsageError(f"{path}: the id {twice!r} is given twice")
    return items


def _entry(path: Path, number: int, entry: dict[str, Any], batch: str, offered: Mapping[str, Any]) -> Iterator[Item]:
    place = f"{path}, item {number}"
    for key in entry:
        if key not in KEYS:
            raise UnknownName(f"key of {place}", key, KEYS)
    plan, args, kwargs = entry.get("plan"), entry.get("args", []), entry.get("with", {})
    repeat = entry.get("repeat", 1)
    if not isinstance(plan, str):
        raise UsageError(f"{place}: plan = NAME is expected")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise UsageError(f"{place}: args is a list of values, with a table of parameters")
    if not isinstance(repeat, int) or isinstance(repeat, bool) or not 1 <= repeat <= 10_000:
        raise UsageError(f"{place}: repeat = {repeat!r}: a whole number from 1 to 10000 is allowed")
    try:
        digest({"args": args, "with": kwargs})
    except TypeError as error:
        raise UsageError(f"{place}: numbers, text, truth values, lists and tables are allowed: {error}") from error
    try:
        parameters = parameters_of(plan, offered)
        for key in kwargs:
            check_parameter(plan, key, parameters)
    except UnknownName as error:
        raise BadSubmission(f"{place}: {error}; nothing of the batch was queued") from error
    name = str(entry.get("id", number))
    for turn in range(repeat):
        item = Item(plan, list(args), dict(kwargs), f"{batch}/{name}" + (f".{turn + 1}" if repeat > 1 else ""), batch)
        _fill_detectors(item, parameters)
        yield item


def parameters_of(plan: str, offered: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the descriptions of a plan's parameters; raise UnknownName if it is not offered."""
    if plan not in offered:
        raise UnknownName("plan", plan, offered)
    return {one["name"]: one for one in offered[plan].get("parameters", ())}


def check_parameter(plan: str, key: str, parameters: Mapping[str, dict[str, Any]]) -> None:
    """Raise UnknownName if the plan has no such parameter."""
    kinds = {name: one["kind"]["name"] for name, one in parameters.items()}
    if "VAR_KEYWORD" in kinds.values():
        return
    named = [name for name, kind in kinds.items() if kind in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")]
    if key not in named:
        raise UnknownName(f"parameter of {plan}", key, named)


def look_ahead(client: Client, items: list[Item]) -> None:
    """Let the worker walk every item; what it foresees is noted with the item.

    Raises
    ------
    BadSubmission
        Something would be refused, with the reason; of several items, each bad one.
    """
    # what is repeated is walked once
    calls = {digest(one.call): one.call for one in items}
    answers = dict(zip(calls, client.look_ahead(list(calls.values())), strict=True))
    bad: list[str] = []
    for number, one in enumerate(items, 1):
        answer = answers[digest(one.call)]
        if "error" in answer:
            where = f"item {number}, {one.plan}: " if len(items) > 1 else ""
            bad.append(f"{where}{answer['error']}")
        else:
            one.forecast, one.lines = answer["forecast"], answer["lines"]
            one.approval = answer.get("approval", [])
    if bad:
        more = f"; nothing of the batch of {len(items)} was queued" if len(items) > 1 else ""
        raise BadSubmission("; ".join(bad) + more)


def submit(client: Client, items: list[Item], *, again: bool = False, front: bool = False) -> list[Item]:
    """Queue what is not known yet, all or nothing; return that.

    Parameters
    ----------
    client
        To whom.
    items
        Looked through by `look_ahead`.
    again
        Queue also what is known, to be run again.
    front
        Before all others.

    Raises
    ------
    BadSubmission
        An identifier is known for another call, or the manager refuses an item; nothing was queued.
    """
    for one in items:
        one.identifier = one.identifier or secrets.token_hex(6)
    with _alone(client.place):
        new = items if again else unknown(items, known(client))
        if new:
            position = {"pos": "front"} if front else {}
            answer = client.ask(
                "queue_item_add_batch",
                items=[one.record() for one in new],
                user_group="primary",
                **position,
            )
            if not answer["success"]:
                reasons = [one["msg"] for one in answer.get("results", ()) if not one["success"]]
                raise BadSubmission("; ".join(reasons) or answer["msg"])
    return new


def left_by(client: Client, uid: str) -> dict[str, Any] | None:
    """Return the item that is in the queue again because its run, with this uid, was interrupted."""
    items = client.command("queue_get")["items"]
    return next((one for one in items if uid in (one.get("result") or {}).get("run_uids", ())), None)


def replace(client: Client, waits: Mapping[str, Any], item: Item) -> None:
    """Put an item in the place of one that waits; what made that known is known of it still."""
    meta = {**submission_of(waits), "expected_s": item.forecast["expected_s"], "resumes": item.args[0]}
    meta |= {"approval": item.approval} if item.approval else {}
    new = {"item_type": "plan", **item.call, "meta": {META: meta}, "item_uid": waits["item_uid"]}
    client.as_user("queue_item_update", item=new, replace=True)


def known(client: Client) -> dict[str, str]:
    """Return the identifiers of all that waits, runs or ran, with the digests of their calls."""
    queue = client.command("queue_get")
    history = client.command("history_get")["items"]
    found: dict[str, str] = {}
    for one in (*queue["items"], queue["running_item"], *history):
        meta = submission_of(one)
        if "id" in meta:
            found[meta["id"]] = meta.get("digest", "")
    return found


def unknown(items: list[Item], before: Mapping[str, str]) -> list[Item]:
    """Return the items that were not submitted before."""
    for one in items:
        if one.identifier in before and before[one.identifier] != digest(one.call):
            raise BadSubmission(
                f"{one.identifier} was submitted before, with another plan or other arguments: give it another id; "
                "nothing was queued"
            )
    return [one for one in items if one.identifier not in before]


def submission_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an item of the manager says about its submission."""
    meta = item.get("meta")
    found = meta.get(META) if isinstance(meta, dict) else None
    return found if isinstance(found, dict) else {}


def digest(call: Mapping[str, Any]) -> str:
    """Return a short name for a call: the same for the same plan and arguments."""
    return hashlib.sha256(json.dumps(call, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Let no two submitters look and queue at the same time: each would miss what the other adds."""
    handle = os.open(place.private / "submitting", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _fill_detectors(item: Item, parameters: Mapping[str, dict[str, Any]]) -> None:
    """Put the station's detectors before arguments in order that begin with something else, as `terasu run` does."""
    first = next(iter(parameters.values()), {})
    if first.get("name") == "detectors" and item.args and not isinstance(item.args[0], list):
        default = first.get("default")
        if default is not None:
            item.args.insert(0, item.kwargs.pop("detectors", None) or ast.literal_eval(default))


def _is_text(parameter: Mapping[str, Any] | None) -> bool:
    kind = (parameter or {}).get("annotation", {}).get("type", "")
    return kind in ("str", "typing.Union[str, None]")


def _value(text: str) -> Any:
    """Turn a word into a number, a list, a truth value, an object, or leave it a word."""
    text = text.strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if text.startswith("[") and text.endswith("]"):
        return [_value(part) for part in text[1:-1].split(",")]
    return {"True": True, "False": False, "None": None}.get(text, text)
