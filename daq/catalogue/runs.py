"""What runs there are, asked of the catalogue process itself: no Tiled in this process, so it takes no time."""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beam.errors import UnknownName
from daq.catalogue.address import Address
from daq.catalogue.start import ensure_catalogue, settle
from daq.continues import CONTINUES
from daq.errors import DataError

LATEST = "last"
BY_TIME = "-start.time"  # the latest first, whenever they came in
TIMEOUT_S = 30.0
SHOWN = 5
PAGE = 100


@dataclass(frozen=True)
class Run:
    """The metadata of one run."""

    start: dict[str, Any]
    stop: dict[str, Any] | None
    trouble: str = ""
    """Why the catalogue does not have all of it, if it cannot take it now."""

    @property
    def uid(self) -> str:
        """The whole uid."""
        return str(self.start["uid"])

    @property
    def time(self) -> float:
        """When it started, POSIX time."""
        return float(self.start["time"])

    @property
    def status(self) -> str:
        """``success``, ``abort``, ``fail``, ``running``, or ``partial``: the rest is in the journal only."""
        if self.stop:
            return str(self.stop["exit_status"])
        return "partial" if self.trouble else "running"

    @property
    def reason(self) -> str:
        """Why it did not succeed, in the words of its stop document, or why the catalogue has only part of it."""
        return str((self.stop or {}).get("reason") or "") or self.trouble

    @property
    def events(self) -> dict[str, int]:
        """The number of events of each stream; empty while it runs."""
        return dict((self.stop or {}).get("num_events") or {})

    @property
    def points(self) -> int:
        """The number of events of the primary stream."""
        return self.events.get("primary", 0)

    @property
    def scan_id(self) -> int | None:
        """The scan number."""
        return self.start.get("scan_id")

    @property
    def plan(self) -> str:
        """The name of the plan."""
        return str(self.start.get("plan_name") or "")

    @property
    def sample(self) -> str:
        """The name of the sample."""
        sample = self.start.get("sample")
        return str(sample.get("name") or "") if isinstance(sample, dict) else str(sample or "")

    def record(self) -> dict[str, Any]:
        """Return what a list shows, for JSON."""
        return {
            "uid": self.uid,
            "scan_id": self.scan_id,
            "time": self.time,
            "exit_status": self.status,
            "num_points": self.points,
            "plan_name": self.plan,
            "sample": self.sample,
        }


def latest(data: Path, limit: int) -> list[Run]:
    """Return the last runs, the latest first."""
    return _search(_asked(data), limit=limit, sort=BY_TIME)


def find(data: Path, uid: str) -> Run:
    """Return the run with this uid, or whose uid begins with it; ``last`` is the latest one.

    Raises
    ------
    UnknownName
        If there is none; names the latest ones.
    DataError
        If several begin so; names them.
    """
    address = _asked(data)
    if uid == LATEST:
        last = _search(address, limit=1, sort=BY_TIME)
        if not last:
            raise DataError(f"there are no runs in {data}")
        return last[0]
    wanted = uid.lower()
    found: list[Run] = []
    # a uid is hexadecimal: anything else is not asked for, least of all a pattern's % and _
    if re.fullmatch(r"[0-9a-f][0-9a-f-]*", wanted):
        found = _search(address, limit=SHOWN, uid_begins=wanted)
    if not found:
        raise UnknownName("run", uid, [one.uid[:8] for one in _search(address, limit=SHOWN, sort=BY_TIME)])
    exact = [one for one in found if one.uid == wanted]
    if not exact and len(found) > 1:
        raise DataError(f"run {uid!r} is ambiguous: it begins {', '.join(sorted(one.uid for one in found))}")
    return (exact or found)[0]


def chain(data: Path, run: Run) -> list[Run]:
    """Return the runs of a scan that was interrupted and resumed, the first one first; most have only one."""
    found = [run]
    while link := found[0].start.get(CONTINUES):
        found.insert(0, find(data, str(link["uid"])))
    address = _asked(data)
    while later := _search(address, limit=PAGE, equals=(f"start.{CONTINUES}.uid", found[-1].uid)):
        # one that took no point was tried again: what there is of it is that of the other
        found.append(max(later, key=lambda one: (one.points, one.time)))
    return found


def streams(data: Path, uid: str) -> dict[str, dict[str, str]]:
    """Return the streams of a run: the unit of each of their data keys."""
    answer = _get(_asked(data), f"search/{uid}", {"fields": "metadata", "page[limit]": str(PAGE)})
    return {
        item["id"]: {
            key: str(one.get("units") or "") for key, one in item["attributes"]["metadata"].get("data_keys", {}).items()
        }
        for item in answer["data"]
    }


def _asked(data: Path) -> Address:
    settle(data, TIMEOUT_S)
    address = ensure_catalogue(data)
    assert address is not None
    return address


def _search(
    address: Address, *, limit: int, sort: str = "", uid_begins: str = "", equals: tuple[str, str] | None = None
) -> list[Run]:
    found: list[Run] = []
    query = {"fields": "metadata"}
    if sort:
        query["sort"] = sort
    if uid_begins:
        query["filter[like][condition][key]"] = "start.uid"
        query["filter[like][condition][pattern]"] = json.dumps(f"{uid_begins}%")
    if equals:
        query["filter[eq][condition][key]"] = equals[0]
        query["filter[eq][condition][value]"] = json.dumps(equals[1])
    while len(found) < limit:
        size = min(PAGE, limit - len(found))
        page = {"page[offset]": str(len(found)), "page[limit]": str(size)}
        items = _get(address, "search/", query | page)["data"]
        metadata = [item["attributes"]["metadata"] for item in items]
        found += [
            Run(one["start"], one.get("stop"), "" if one.get("stop") else _trouble(address, one)) for one in metadata
        ]
        if len(items) < size:
            break
    return found


def _trouble(address: Address, metadata: dict[str, Any]) -> str:
    answer = address.ask("run", TIMEOUT_S, uid=metadata["start"]["uid"], wait_s="0")
    return str(answer["reason"]) if answer["state"] in ("refused", "delayed") else ""


def _get(address: Address, path: str, query: dict[str, str]) -> dict[str, Any]:
    return address.get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}", TIMEOUT_S)
