"""An mca record with the PVs that mca.db puts beside it, and how many acquisitions it made.

`Start`, `EraseStart`, `Erase`, `Stop` and `Read` act on any put. Those that start complete at the end of the
acquisition and, while `EnableWait` is Enable, after `ClientWait` has been put back to 0 as well; `Stop` and `Read`
complete at once. When an acquisition has ended, `Why1` … `Why3` say which presets were reached (regions 0 … 3, regions
4 … 7, the rest), `Why4` that none was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from beam.pulses import PulseSource, SpectrumFacts
from ioc_sim.channels import Channels, Enum, Float, Int
from ioc_sim.groups.dxp import DxpGroup
from ioc_sim.groups.settings import keep
from ioc_sim.memory import Kept
from ioc_sim.records.busy import BusyRecord
from ioc_sim.records.mca import McaRecord
from ioc_sim.records.mca_fields import REGIONS
from ioc_sim.timing import Timeline

ACTS = ("STRT", "ERST", "STOP", "READ", "ERAS", "PROC")
"""Fields that are no settings: a put of them does something."""


class McaGroup:
    """The channels of one multi-channel analyser.

    Parameters
    ----------
    prefix : str
        Its address.
    facts : SpectrumFacts
        What it is like.
    seed : int
        Of its noise.
    time : Timeline
        The server's time.
    processor : str, optional
        The prefix of its pulse processor's settings.
    pulses : PulseSource, optional
        What it counts; by default, the steady light of the facts.
    """

    def __init__(
        self,
        prefix: str,
        facts: SpectrumFacts,
        seed: int,
        time: Timeline,
        processor: str = "",
        pulses: PulseSource | None = None,
    ) -> None:
        self.source = pulses = pulses or PulseSource(seed, prefix, facts)
        dxp = DxpGroup(processor, pulses, facts.channel_kev * facts.channels) if processor else None
        self.exposure_count = Int(0)
        self.record = McaRecord(
            prefix,
            time,
            pulses,
            (facts.offset_kev, facts.channel_kev),
            self._published,
            dxp.remaining if dxp else None,
        )
        self.dxp = dxp
        self.client_wait = BusyRecord(f"{prefix}ClientWait", time)
        self.enable_wait = Enum("Disable", ("Disable", "Enable"), on_put=keep())
        self.check_acquiring = Float(2.0)
        self.acquisition_stopped = Float(0.0)
        self.why = [Float(0.0) for _ in range(4)]
        self._tasks: set[asyncio.Task[Any]] = set()
        self.channels: Channels = {
            **self.record.channels,
            **self.client_wait.channels,
            f"{prefix}Start": _button("Start", lambda: self._start("STRT")),
            f"{prefix}EraseStart": _button("EraseStart", lambda: self._start("ERST")),
            f"{prefix}Erase": _button("Erase", lambda: self.record.put("ERAS", 1)),
            f"{prefix}Stop": _button("Stop", lambda: self._later("STOP")),
            f"{prefix}Read": _button("Read", lambda: self._later("READ")),
            f"{prefix}Status": _button("Status", _nothing),
            f"{prefix}SetClientWait": _button("Set", self._set_client_wait),
            f"{prefix}EnableWait": self.enable_wait,
            f"{prefix}CheckACQG": self.check_acquiring,
            f"{prefix}WhenAcqStops": self.acquisition_stopped,
            **{f"{prefix}Why{n}": channel for n, channel in enumerate(self.why, 1)},
            f"{prefix}:ExposureCount": self.exposure_count,
            **(dxp.channels if dxp else {}),
        }
        self.record.fields["ACQG"].watch(self._acquiring)

    def saved(self) -> Kept:
        """Return what survives a reboot: the record's settings."""
        specs = self.record.specs
        fields = [name for name, spec in specs.items() if not (spec.read_only or spec.elements > 1 or name in ACTS)]
        return {name: self.record.values[name] for name in fields}

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        for name, value in (kept or {}).items():
            self.record.post(name, value)
        self.record.describe()

    def lasting(self) -> int:
        """Return how many exposures there were."""
        return self.source.exposures

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self.source.exposures = kept

    async def _start(self, field: str) -> None:
        waited = [self.record.put(field, 1)]
        if self.enable_wait.value == "Enable":
            waited.append(self._set_client_wait())
        await asyncio.gather(*waited)

    async def _set_client_wait(self) -> None:
        await self.client_wait.put("VAL", 1)

    async def _later(self, field: str) -> None:
        """Put to the record without waiting for what comes of it."""
        task = asyncio.create_task(self.record.put(field, 1))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.sleep(0)

    def _published(self, timestamp: float) -> None:
        if self.dxp:
            self.dxp.show(self.record.values, float(self.record.arrays["VAL"].sum()))
        self.exposure_count.post(self.exposure_count.value + 1, timestamp=timestamp)

    def _acquiring(self) -> None:
        acquiring = bool(self.record.values["ACQG"])
        self.check_acquiring.update(1.0 if acquiring else 2.0)
        self.acquisition_stopped.update(float(acquiring))
        if not acquiring:
            for channel, reason in zip(self.why, self._reasons(), strict=True):
                channel.update(float(reason))

    def _reasons(self) -> list[bool]:
        values = self.record.values

        def reached(preset: str, value: str) -> bool:
            return 0 < float(values[preset]) <= float(values[value])

        regions = [bool(values[f"R{n}IP"]) and reached(f"R{n}P", f"R{n}N") for n in range(REGIONS)]
        rest = [*regions[8:], reached("PLTM", "ELTM"), reached("PRTM", "ERTM"), reached("PCT", "ACT")]
        found = [any(regions[:4]), any(regions[4:8]), any(rest)]
        return [*found, not any(found)]


def _button(label: str, pressed: Callable[[], Awaitable[None]]) -> Enum:
    async def put(_: Any) -> None:
        await pressed()

    return Enum("Done", ("Done", label), on_put=put)


async def _nothing() -> None:
    """Do nothing: the status is published by itself."""
