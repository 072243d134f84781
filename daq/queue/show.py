"""The queue in lines: what waits and how long it should take, what runs, what became of the rest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from daq.queue.actions import Action, Standing
from daq.queue.doorkeeper import call_of
from daq.queue.submission import submission_of
from daq.timestamps import iso

SHORT = 8


def call(item: Mapping[str, Any]) -> str:
    """Return a plan with its arguments as somebody types them; or the instruction."""
    if item["item_type"] != "plan":
        return str(item["name"])
    words = [str(one) for one in item.get("args") or ()]
    words += [f"{key}={one}" for key, one in (item.get("kwargs") or {}).items()]
    return " ".join([item["name"], *words])


def waiting(items: Iterable[Mapping[str, Any]], standing: Standing | None = None) -> Iterator[str]:
    """Give a line for each item of the queue; `standing` says what of it waits for approval."""
    for number, one in enumerate(items, 1):
        if one["item_type"] != "plan":
            yield f"{number:>4}  -- {one['name']}: the queue stops here; `terasu queue start` goes on --"
            continue
        meta = submission_of(one)
        took = f"  {duration(meta['expected_s'])}" if "expected_s" in meta else ""
        more = mark(one) + gate(one, standing)
        yield f"{number:>4}  {meta.get('id', one['item_uid'][:SHORT]):<24} {call(one)}{took}  {one['user']}{more}"


def gate(item: Mapping[str, Any], standing: Standing | None) -> str:
    """Return whether an item waits for approval, or who gave it."""
    if standing is None:
        return ""
    if standing.is_approved(item["item_uid"], call_of(item)):
        return f"  [approved by {standing.approved[item['item_uid']][1]}]"
    why = standing.held.get(item["item_uid"])
    return "" if why is None else f"  [waits for approval: {why}]"


def mark(item: Mapping[str, Any]) -> str:
    """Return what became of an item when it ran before; it is in the queue again."""
    result = item.get("result")
    if not result:
        return ""
    runs = f", run {', '.join(uid[:SHORT] for uid in result['run_uids'])}" if result.get("run_uids") else ""
    return f"  [{result['exit_status']} before: {result.get('msg') or 'no reason given'}{runs}]"


def done(item: Mapping[str, Any]) -> str:
    """Return a line for an item of the history."""
    result = item["result"]
    status = {"completed": "success"}.get(result["exit_status"], result["exit_status"])
    meta = submission_of(item)
    took = duration(result["time_stop"] - result["time_start"])
    runs = " ".join(uid[:SHORT] for uid in result.get("run_uids") or ()) or "-"
    why = "" if status == "success" else f": {_first_line(result.get('msg'))}"
    return f"{iso(result['time_start'])}  {status:<8} {took:>9}  {runs:<8}  {meta.get('id', '-')}  {call(item)}{why}"


def action(one: Action) -> str:
    """Return a line for something that was done."""
    which = f"  {one.item[:SHORT]}" if one.item else ""
    return f"{iso(one.at)}  {one.who or '-':<16} {one.what}{which}{f': {one.detail}' if one.detail else ''}"


def expected_s(items: Iterable[Mapping[str, Any]]) -> float:
    """Return how long items should take, as far as was foreseen."""
    return sum(float(submission_of(one).get("expected_s", 0.0)) for one in items)


def state(status: Mapping[str, Any], running: Mapping[str, Any], items: list[dict[str, Any]]) -> Iterator[str]:
    """Give the head of a list: what the queue does."""
    words = {
        "idle": "stopped",
        "executing_queue": "running",
        "starting_queue": "running",
        "paused": "paused: resume or abort",
        "creating_environment": "the worker is starting",
        "closing_environment": "the worker is ending",
        "destroying_environment": "the worker died",
    }
    manager = status["manager_state"]
    said = words.get(manager, str(manager))
    if manager == "idle" and not status["worker_environment_exists"]:
        said = "stopped; there is no worker"
    if status["queue_stop_pending"]:
        said += ", stops after this one"
    left_s = expected_s(items)
    more = f", {duration(left_s)}" if left_s else ""
    yield f"{said}; {sum(one['item_type'] == 'plan' for one in items)} waiting{more}"
    if running:
        since = running.get("properties", {}).get("time_start")
        ago = f", for {duration(time.time() - since)}" if since else ""
        meta = submission_of(running)
        of = f" of {duration(meta['expected_s'])}" if "expected_s" in meta else ""
        yield f"  >>  {meta.get('id', running['item_uid'][:SHORT]):<24} {call(running)}{ago}{of}  {running['user']}"


def duration(seconds: float) -> str:
    """Return a time as one says it."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def _first_line(text: Any) -> str:
    return str(text or "no reason given").strip().splitlines()[0]
