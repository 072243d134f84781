"""The busy record: a put of 1 completes when somebody has put it back to 0.

=======  ================  ====================================================================================
VAL      event             what happens
=======  ================  ====================================================================================
Done     put of 1          Busy; the put waits; after HIGH s, if that is above 0, back to Done by itself
Done     put of 0          Done is published if it changed nothing, too; completes
Busy     put of 1          the put waits, too; HIGH begins anew
Busy     put of 0          Done; this put and all that wait complete
=======  ================  ====================================================================================

After the busy record of EPICS (epics-modules/busy, busyRecord.c), in behaviour, not in code; there a put *with
completion* of 0 would wait in the queue behind the put of 1 that it is to end.
"""

from __future__ import annotations

import asyncio
from typing import Any

from caproto import AlarmSeverity, AlarmStatus, ChannelType, SubscriptionType
from caproto.server.records import base

from ioc_sim.errors import Refused
from ioc_sim.records.binding import Timing
from ioc_sim.records.field_specs import FieldSpec, Specs, Value, common, specs_of
from ioc_sim.records.record import Metadata, Record


def busy_fields() -> Specs:
    """Return the fields of a busy record: those of a bo record, from which it was made."""
    specs = specs_of(base.BoFields) | {name: spec for name, spec in common().items() if name in ("RTYP", "UDF")}
    states = ("Done", "Busy")
    specs["VAL"] = FieldSpec(ChannelType.ENUM, 0, choices=states, doc="Current Value")
    for name, value in zip(("ZNAM", "ONAM"), states, strict=True):
        specs[name] = FieldSpec(ChannelType.STRING, value, size=26)
    for name in ("ZSV", "OSV", "COSV"):
        specs[name] = FieldSpec(ChannelType.ENUM, 0, choices=specs[name].choices, doc=specs[name].doc)
    return specs


class BusyRecord(Record):
    """A busy record.

    Parameters
    ----------
    name : str
        The record's name.
    timing : Timing
        The server's time.
    """

    record_type = "busy"

    def __init__(self, name: str, timing: Timing) -> None:
        super().__init__(name, busy_fields())
        self._timing = timing
        self._replaced = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def take(self, field: str, value: Value) -> None:
        """Act on a put."""
        if field == "HIGH" and isinstance(value, int | float) and value < 0:
            raise Refused(f"{self.name}.HIGH {value:g} s: 0 or more is allowed")
        if field != "VAL":
            await super().take(field, value)
            if field in ("ZNAM", "ONAM"):
                self._rename()
            return
        self._set(int(value))
        if value and not self.disabled():
            if (high := float(self.values["HIGH"])) > 0:
                self._begin_hold(high)
            await self.until_idle()

    def metadata(self, field: str) -> Metadata:
        """Return units: HIGH is in seconds."""
        return {"units": "s" if field == "HIGH" else "", "precision": 2}

    def _set(self, value: int) -> None:
        changed = value != self.values["VAL"]
        self.stamp()
        self._replaced.set()
        for name in ("RVAL", "RBV"):
            self.post(name, value)
        self.post("VAL", value)
        severity = max(int(self.values["OSV" if value else "ZSV"]), int(self.values["COSV"]) if changed else 0)
        status = AlarmStatus.STATE if severity else AlarmStatus.NO_ALARM
        self.raise_alarm(status, AlarmSeverity(severity), "VAL")
        if not value:
            self.release()

    def _begin_hold(self, seconds: float) -> None:
        self._replaced = asyncio.Event()
        task = asyncio.create_task(self._hold(seconds, self._replaced))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hold(self, seconds: float, replaced: asyncio.Event) -> None:
        await self._timing.advance(await self._timing.wait(seconds, replaced))
        if not replaced.is_set():
            self._set(0)

    def _rename(self) -> None:
        self.fields["VAL"].rename((str(self.values["ZNAM"]), str(self.values["ONAM"])), int(self.values["VAL"]))
        self.fields["VAL"].publish_now(SubscriptionType.DBE_PROPERTY)
