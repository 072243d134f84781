"""The last run of this session as numbers: what `lastscan`, `peak` and the live plot look at.

Attributes are those of the run; ``preferred``, the detector that the user wants to see, stays from one to the next.
"""

from __future__ import annotations

from typing import Any

from daq.errors import UsageError
from plans.peak import Peak, find_peak


class LastScan:
    """A document callback that keeps the hinted columns of one run at a time."""

    def __init__(self) -> None:
        self.preferred: str | None = None
        self._begin({})

    def _begin(self, start: dict[str, Any]) -> None:
        self.start = start
        self.stop: dict[str, Any] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.columns: dict[str, list[float]] = {}
        self.detectors: list[str] = []
        self._primary: str | None = None

    def __call__(self, name: str, doc: Any) -> None:
        """Take one document."""
        if name == "start":
            self._begin(dict(doc))
        elif name == "descriptor" and doc.get("name") == "primary" and doc["run_start"] == self.start.get("uid"):
            self._described(doc)
        elif name == "event" and doc["descriptor"] == self._primary:
            for key, column in self.columns.items():
                column.append(float(doc["data"][key]))
        elif name == "stop" and doc["run_start"] == self.start.get("uid"):
            self.stop = dict(doc)

    def _described(self, doc: Any) -> None:
        self._primary, self.keys = doc["uid"], doc["data_keys"]
        hinted = [field for hint in doc.get("hints", {}).values() for field in hint.get("fields", ())]
        numbers = [
            one
            for one in dict.fromkeys([*self.dimensions, *hinted])
            if one in self.keys and not self.keys[one].get("shape") and self.keys[one]["dtype"] in ("number", "integer")
        ]
        self.columns = {one: [] for one in numbers}
        self.detectors = [one for one in numbers if one not in self.dimensions]

    @property
    def dimensions(self) -> list[str]:
        """The fields that were scanned, the slowest first."""
        return [field for group, _ in self.start.get("hints", {}).get("dimensions", []) for field in group]

    @property
    def x(self) -> str | None:
        """The field of the first motor; None if none was scanned."""
        return next((one for one in self.dimensions if one in self.columns), None)

    @property
    def detector(self) -> str | None:
        """The field that is plotted: the one preferred, else the first hinted."""
        return self.preferred if self.preferred in self.detectors else next(iter(self.detectors), None)

    @property
    def is_line(self) -> bool:
        """Whether it went along one line: one dimension, however many motors."""
        return self.x is not None and len(self.start.get("hints", {}).get("dimensions", [])) == 1

    def unit(self, field: str) -> str:
        """Return the unit of a field."""
        return str(self.keys.get(field, {}).get("units") or "")

    def peak(self, detector: str | None = None) -> tuple[str, Peak]:
        """Return the detector looked at, by default `detector`, and its peak against the first motor.

        Raises
        ------
        UsageError
            There was no scan along one line, or it has no such detector.
        NoPeak
            It has no peak there.
        """
        if not self.start:
            raise UsageError("no scan yet in this session")
        if self.x is None or not self.is_line:
            raise UsageError(f"the last run ({self.start.get('plan_name')}) is no scan along one line")
        chosen = detector or self.detector
        if chosen not in self.detectors:
            raise UsageError(f"the last scan has no detector {chosen!r}; it has: {', '.join(self.detectors) or 'none'}")
        assert chosen is not None
        return chosen, find_peak(self.columns[self.x], self.columns[chosen])
