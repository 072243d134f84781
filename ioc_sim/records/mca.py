"""The mca record: a spectrum of pulse heights, added to until a preset is reached.

=======  ===============  =======================================================================================
ACQG     event            what happens
=======  ===============  =======================================================================================
Done     STRT             Acquire; spectrum and elapsed times go on from where they are; the put waits for the end
Done     ERST             as ERAS, then as STRT
any      ERAS             spectrum, regions and elapsed times are 0; an acquisition goes on from there
any      READ             spectrum and regions are published as they are now
Acquire  preset reached   everything is published, the update counter, ACQG Done, then all puts that wait complete
Acquire  STOP             likewise, with what has been counted until then
Acquire  STRT             nothing; the put waits for the end
Acquire  ERST             as ERAS; the put waits for the end
Done     STOP             nothing
=======  ===============  =======================================================================================

On the way the elapsed times are published ten times and the spectrum once a second of wall time, as mca.db has it.
Only pulse-height analysis (MODE = PHA) is simulated: in the other modes starting is refused.

After the mca record of EPICS (epics-modules/mca, mcaRecord.c), in behaviour, not in code.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import numpy as np
from caproto import AlarmSeverity, AlarmStatus

from beam.pulses import Counts, Floats
from ioc_sim.errors import Refused
from ioc_sim.records import mca_presets
from ioc_sim.records.binding import Timing
from ioc_sim.records.field_specs import Value
from ioc_sim.records.mca_fields import REGIONS, mca
from ioc_sim.records.mca_regions import sums
from ioc_sim.records.motor_drive import RESOLVED_S
from ioc_sim.records.record import Metadata, Record

STATUS_S, SPECTRUM_S = 0.1, 1.0
"""Wall time between two publications on the way."""
EPICS_EPOCH = 631152000
NOT_NEGATIVE = ("PRTM", "PLTM", "PCT", "PCTL", "PCTH", "DWEL", "PSCL", "PSWP")
log = logging.getLogger(__name__)

Remaining = Callable[[Mapping[str, Value]], float]
Published = Callable[[float], None]


class Exposure(Protocol):
    """Counts as they come in: `beam.pulses.Accumulation`."""

    def until(self, live_s: float, /) -> Counts:
        """Return the counts by channel after a live time; never goes backwards."""
        ...


class Pulses(Protocol):
    """What the detector sees: `beam.pulses.PulseSource`."""

    @property
    def rates_hz(self) -> Floats:
        """Pulses per second of live time, by channel; as many as the record has channels."""
        ...

    @property
    def live_share(self) -> float:
        """Live time per real time."""
        ...

    def begin(self, live_s: float, /) -> Exposure:
        """Begin an exposure of this live time; infinite if its end is not known."""
        ...


class McaRecord(Record):
    """An mca record on a source of pulses.

    Parameters
    ----------
    name : str
        The record's name.
    timing : Timing
        The server's time.
    pulses : Pulses
        What the detector sees.
    calibration : tuple[float, float]
        Energy (keV) of channel 0, and from one channel to the next.
    published : Published, optional
        Called with the timestamp when an acquisition is out: publishes the update counter.
    remaining : Remaining, optional
        Says from the fields how long (s, real time) an acquisition still lasts; the record's own presets otherwise.
    """

    record_type = "mca"

    def __init__(
        self,
        name: str,
        timing: Timing,
        pulses: Pulses,
        calibration: tuple[float, float],
        published: Published | None = None,
        remaining: Remaining | None = None,
    ) -> None:
        self.channels_made = len(pulses.rates_hz)
        super().__init__(name, mca(self.channels_made))
        self.pulses, self.published = pulses, published
        """May be replaced by a simulated fault."""
        self.ended: Callable[[float], Awaitable[None]] = timing.advance
        """Awaited with the time (s) that an exposure took, before it is published; may be replaced by a fault, too."""
        self.prepare: Callable[[], Awaitable[None]] | None = None
        """Awaited before an acquisition begins, where what it counts has to be worked out first."""
        self._timing = timing
        self._remaining = remaining or (lambda values: mca_presets.remaining(values, self.pulses))
        self.values |= {"EGU": "keV", "CALO": calibration[0], "CALS": calibration[1]}
        self._spectrum: Counts = np.zeros(self.channels_made, np.int64)
        self._interrupt = asyncio.Event()
        self._erased = self._stopped = False
        self._task: asyncio.Task[Any] | None = None
        self._look: Callable[[], None] = self._show_spectrum
        self._show_spectrum()

    async def take(self, field: str, value: Value) -> None:
        """Act on a put."""
        if field in NOT_NEGATIVE and isinstance(value, int | float) and value < 0:
            raise Refused(f"{self.name}.{field} {value:g}: 0 or more is allowed")
        if field == "NUSE":
            if int(value) < 1:
                raise Refused(f"{self.name}.NUSE {value}: 1 … {self.channels_made} is allowed")
            value = min(int(value), self.channels_made)
        if field in ("STRT", "ERST") and value and self.values["MODE"] != 0:
            raise Refused(f"{self.name}: MODE {self.specs['MODE'].choices[int(self.values['MODE'])]} is not simulated")
        await super().take(field, value)
        if field in ("STRT", "ERST", "ERAS", "STOP", "READ"):
            if value and not self.disabled():
                self.post(field, 0)
                await self._command(field)
        elif field == "NUSE" or (field[0] == "R" and field[-2:] in ("LO", "HI", "BG")):
            self._look()

    def metadata(self, field: str) -> Metadata:
        """Return units and precision: seconds for times, percent for dead times."""
        if field in ("PRTM", "PLTM", "ERTM", "ELTM", "DWEL"):
            return {"units": "s", "precision": self.values["PREC"]}
        if field in ("DTIM", "IDTIM"):
            limits = {"lower_disp_limit": 0.0, "upper_disp_limit": 100.0}
            alarms = {"upper_alarm_limit": self.values["HIHI"], "upper_warning_limit": self.values["HIGH"]}
            return {"units": "%", "precision": self.values["PREC"], **limits, **alarms}
        if field in ("VAL", "BG") or field.startswith("R"):
            return {"units": "counts", "precision": 0}
        if field in ("CALO", "CALS", "CALQ", "TTH"):
            return {"units": self.values["EGU"], "precision": 6}
        return super().metadata(field)

    # ---- commands

    async def _command(self, field: str) -> None:
        acquiring = bool(self.values["ACQG"])
        if field == "READ":
            self._look()
        elif field == "STOP":
            if acquiring:
                self._stopped = True
                self._interrupt.set()
                await self.until_idle()
        else:
            if field in ("ERAS", "ERST"):
                self._erase(acquiring)
            if field in ("STRT", "ERST"):
                await self._start()

    def _erase(self, acquiring: bool) -> None:
        self.stamp()
        self._look = self._show_spectrum
        self._spectrum = np.zeros(self.channels_made, np.int64)
        for name in ("ERTM", "ELTM", "DTIM", "IDTIM"):
            self.post(name, 0.0)
        self._show_spectrum()
        if acquiring:
            self._erased = True
            self._interrupt.set()

    async def _start(self) -> None:
        if not self.values["ACQG"]:
            now = self.stamp()
            self.post("STIM", time.strftime("%b %d, %Y %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1000):03d}")
            self.post("ACQG", 1)
            self._interrupt.clear()
            self._erased = self._stopped = False
            if self.prepare:
                await self.prepare()
            if self._remaining(self.values) < RESOLVED_S * self._timing.scale:
                if error := await self._acquire():
                    raise error
                return
            self._task = asyncio.create_task(self._acquire())
        await self.until_idle()

    # ---- acquisition

    async def _acquire(self) -> Exception | None:
        """Count until the end; return what went wrong, if anything did."""
        error = None
        try:
            while await self._expose():
                self._interrupt.clear()
                self._erased = False
        except Exception as failure:  # whatever it was, the client that waits must hear of it
            log.exception("the acquisition of %s failed", self.name)
            error = failure
        self._look = self._show_spectrum
        now = self.stamp()
        self._show_times(float(self.values["ERTM"]), float(self.values["ELTM"]), done=True)
        self._show_spectrum()
        if self.published and error is None:
            self.published(now)
        self.post("ACQG", 0)
        self.release(error)
        return error

    async def _expose(self) -> bool:
        """Add one exposure to the spectrum; return whether another one is to be begun because it was erased."""
        before, share = self._spectrum, self.pulses.live_share
        real, live = float(self.values["ERTM"]), float(self.values["ELTM"])
        seconds = self._remaining(self.values)
        exposure = self.pulses.begin(seconds * share)
        passed, begun = 0.0, asyncio.get_running_loop().time()
        spectrum_due = begun + SPECTRUM_S

        def look() -> None:
            self.stamp()
            self._spectrum = before + exposure.until(passed * share)
            self._show_spectrum()

        self._look = look
        while seconds - passed >= RESOLVED_S * self._timing.scale and not self._interrupt.is_set():
            step = min(STATUS_S * self._timing.scale, seconds - passed)
            passed += await self._timing.wait(step, self._interrupt)
            if not self._interrupt.is_set():
                self.stamp()
                self._show_times(real + passed, live + passed * share)
                if (now := asyncio.get_running_loop().time()) >= spectrum_due:
                    spectrum_due = now + SPECTRUM_S
                    look()
        passed = passed if self._interrupt.is_set() else seconds
        await self.ended(passed)
        if self._erased:
            return not self._stopped
        self._spectrum = before + exposure.until(passed * share)
        self.values["ERTM"], self.values["ELTM"] = round(real + passed, 9), round(live + passed * share, 9)
        return False

    # ---- publishing

    def _show_times(self, real_s: float, live_s: float, *, done: bool = False) -> None:
        before = float(self.values["ERTM"]), float(self.values["ELTM"])
        dead = percent_dead(real_s, live_s)
        self.post("ERTM", real_s)
        self.post("ELTM", live_s)
        self.post("DTIM", dead)
        self.post("IDTIM", dead if done else percent_dead(real_s - before[0], live_s - before[1]))
        self._alarm(float(self.values["IDTIM"]))

    def _show_spectrum(self) -> None:
        used = int(self.values["NUSE"])
        spectrum = np.minimum(self._spectrum[:used], np.iinfo(np.int32).max).astype(np.int32)
        background = np.zeros(used, np.int32)
        results: dict[str, float] = {}
        for n in range(REGIONS):
            region = mca_presets.region(self.values, n)
            found = sums(self._spectrum[:used], region)
            results |= {f"R{n}": found.total if found else 0.0, f"R{n}N": found.net if found else 0.0}
            if found:
                background[region.low : region.low + len(found.background)] = found.background
        self.post("NORD", used)
        self.post("RTIM", self.time - EPICS_EPOCH)
        self.post_array("VAL", spectrum)
        self.post_array("BG", background)
        low, high = int(self.values["PCTL"]), int(self.values["PCTH"])
        self.post("ACT", int(spectrum[low : high + 1].sum()))
        for field, value in results.items():
            if value != self.values[field]:
                self.post(field, value)

    def _alarm(self, dead: float) -> None:
        """Raise the alarm of a high dead time."""
        status, level = AlarmStatus.NO_ALARM, 0
        for limit, severity, found in (("HIGH", "HSV", AlarmStatus.HIGH), ("HIHI", "HHSV", AlarmStatus.HIHI)):
            if self.values[severity] and dead >= float(self.values[limit]):
                status, level = found, int(self.values[severity])
        self.raise_alarm(status, AlarmSeverity(level), "VAL", "IDTIM")


def percent_dead(real_s: float, live_s: float) -> float:
    """Return the dead time in percent of the real time; 0 for no time at all."""
    if not math.isfinite(real_s) or real_s < 1e-9:
        return 0.0
    return min(max(100.0 * (real_s - live_s) / real_s, 0.0), 100.0)
