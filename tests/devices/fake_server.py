"""A control system in process, for tests without a network: signals that obey a server written in Python."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ophyd import Kind

from beam import facts
from devices.ca_names import pv_name
from devices.errors import NotConnected
from devices.signals import DeviceSignal, Quantity, Sample, data_key, enum_text, to_wire
from devices.waiting import Waiting

Done = Callable[[], None]


class FakeSignal(DeviceSignal):
    """A signal whose server is a `FakeServer`; monitors may be held back, as they are by a slow network."""

    def __init__(self, server: FakeServer, address: str, quantity: Quantity, optional: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.server, self.address, self.quantity, self.optional = server, address, quantity, optional
        self.online = True
        empty: Any = {"float": 0.0, "string": ""}.get(quantity.dtype, 0)
        if quantity.shape:
            empty = np.zeros(quantity.shape, float if quantity.dtype == "float" else int)
        self.latest = self.truth = Sample(empty, 0.0, 0, time.monotonic())
        self.limits_ = (0.0, 0.0)
        self.fetched = 0
        self.watchers: list[Callable[[Sample], None]] = []

    @property
    def connected(self) -> bool:
        return self.online

    @property
    def circuit(self) -> str:
        return "fake" if self.online else ""

    @property
    def limits(self) -> tuple[float, float]:
        return self.limits_

    @property
    def sample(self) -> Sample:
        if not self.online:
            raise NotConnected(f"{self.name}: {self.address} is not connected; {self.last_words}")
        return self.latest

    @property
    def last_words(self) -> str:
        return self.latest.words(self.quantity.unit)

    def fetch(self) -> Sample:
        if not self.online:
            raise NotConnected(f"{self.name}: {self.address} is not connected; {self.last_words}")
        self.fetched += 1
        self.latest = self.truth
        return self.latest

    def get(self, **_: Any) -> Any:
        return enum_text(self.quantity, self.sample.value)

    def watch(self, told: Callable[[Sample], None]) -> Done:
        self.watchers.append(told)
        return lambda: self.watchers.remove(told)

    def start(self, value: Any, done: Done | None = None, along: Sequence[Any] = ()) -> None:
        self.server.write(self, to_wire(self.quantity, value, self.name), done or (lambda: None))

    def put(self, value: Any, *_: Any, **__: Any) -> None:
        self.check_writing(value)
        self.start(value)

    def set(self, value: Any, **_: Any) -> Waiting:
        self.check_writing(value)
        status = Waiting(self.name, "a put", 5.0, lambda: self.last_words)
        status.guard(lambda: self.start(value, status.finish))
        return status

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": self.get(), "timestamp": self.sample.time}}

    def describe(self) -> dict[str, Any]:
        unit = self.quantity.unit
        return {self.name: data_key(self.quantity, source=self.address, unit=unit, precision=None, limits=self.limits)}


class FakeServer:
    """The server, and the transport to it.

    Attributes
    ----------
    late
        Monitors do not arrive: only asking shows what is true, as where a completion overtakes its monitors.
    writes
        All writes, in order.
    """

    def __init__(self) -> None:
        self.signals: dict[str, FakeSignal] = {}
        self.late = False
        self.writes: list[tuple[str, Any]] = []
        self.on_write: dict[str, Callable[[Any, Done], None]] = {}
        self._clock = itertools.count(1)

    def signal(
        self,
        kind_of_device: str,
        attribute: str,
        address: str,
        quantity: Quantity,
        *,
        name: str,
        kind: Kind,
        optional: bool = False,
        channel: int | None = None,
        parent: object = None,
    ) -> FakeSignal:
        pv = pv_name(kind_of_device, attribute, address, channel)
        made = FakeSignal(self, pv, quantity, optional, name=name, kind=kind, attr_name=attribute, parent=parent)
        self.signals[pv] = made
        return made

    def tick(self) -> float:
        """Return the server's time, which is later each time."""
        return next(self._clock) * 0.001

    def post(self, pv: str, value: Any, *, at: float | None = None, severity: int = 0) -> None:
        one = self.signals[pv]
        one.truth = Sample(value, self.tick() if at is None else at, severity, time.monotonic())
        if not self.late:
            one.latest = one.truth
        if not self.late and one.online:
            one._run_subs(sub_type=one.SUB_VALUE, value=one.get(), timestamp=one.truth.time, severity=severity)
            for told in one.watchers:
                told(one.truth)

    def write(self, signal: FakeSignal, value: Any, done: Done) -> None:
        self.writes.append((signal.address, value))
        if (behaviour := self.on_write.get(signal.address)) is not None:
            behaviour(value, done)
        else:
            self.post(signal.address, value)
            done()

    def disconnect(self, prefix: str) -> None:
        for pv, one in self.signals.items():
            if pv.startswith(prefix):
                one.online = False
                one._run_subs(sub_type=one.SUB_META, connected=False)  # as ophyd's signals do


class FakeMotor:
    """A motor record that is there at once, unless told otherwise."""

    def __init__(self, server: FakeServer, axis: facts.AxisFacts) -> None:
        self.server, self.prefix = server, axis.prefix
        self.hold = False
        self.lands_at: Callable[[float], float] = lambda target: target
        self.pending: list[tuple[float, Done]] = []
        for suffix, value in ((".VELO", axis.velocity), (".ACCL", axis.acceleration_s), (".DMOV", 1)):
            server.post(f"{axis.prefix}{suffix}", value)
        for suffix in (".VAL", ".RBV"):
            server.post(f"{axis.prefix}{suffix}", axis.start)
        server.post(f"{axis.prefix}.LLM", axis.low)
        server.post(f"{axis.prefix}.HLM", axis.high)
        server.on_write[f"{axis.prefix}.VAL"] = self._go
        server.on_write[f"{axis.prefix}.STOP"] = self._stop

    def _stop(self, _: int, done: Done) -> None:
        self.server.post(f"{self.prefix}.DMOV", 1)
        done()

    def _go(self, target: float, done: Done) -> None:
        self.server.post(f"{self.prefix}.VAL", target)
        self.server.post(f"{self.prefix}.DMOV", 0)
        self.pending.append((target, done))
        while self.pending and not self.hold:
            self.arrive()

    def arrive(self) -> None:
        """End the motion."""
        target, done = self.pending.pop(0)
        at = self.server.tick()
        self.server.post(f"{self.prefix}.RBV", self.lands_at(target), at=at)
        self.server.post(f"{self.prefix}.DMOV", 1, at=at)
        done()


class FakeGap:
    """An undulator that is there at once."""

    def __init__(self, server: FakeServer, gap: facts.LengthAxis) -> None:
        self.server, self.prefix = server, gap.prefix
        for suffix, value in (("Velocity", gap.velocity), ("Moving", 0), ("Permit", 1), ("Status", "at rest")):
            server.post(f"{gap.prefix}{suffix}", value)
        for suffix in ("Gap", "GapRbv"):
            server.post(f"{gap.prefix}{suffix}", gap.start)
        server.signals[f"{gap.prefix}Gap"].limits_ = (gap.low, gap.high)
        server.on_write[f"{gap.prefix}Gap"] = self._go

    def _go(self, target: float, done: Done) -> None:
        at = self.server.tick()
        self.server.post(f"{self.prefix}Gap", target)
        self.server.post(f"{self.prefix}GapRbv", target, at=at)
        self.server.post(f"{self.prefix}Moving", 0, at=at)
        done()


class FakeRow:
    """A magnet row or phase shifter of an undulator that is there at once."""

    def __init__(self, server: FakeServer, axis: facts.AxisFacts) -> None:
        self.server, self.prefix = server, axis.prefix
        self.lands_at: Callable[[float], float] = lambda target: target
        for suffix, value in (("Velocity", axis.velocity), ("Moving", 0), ("Permit", 1), ("Status", "at rest")):
            server.post(f"{axis.prefix}{suffix}", value)
        for suffix in ("Setpoint", "Readback"):
            server.post(f"{axis.prefix}{suffix}", axis.start)
        server.signals[f"{axis.prefix}Setpoint"].limits_ = (axis.low, axis.high)
        server.on_write[f"{axis.prefix}Setpoint"] = self._go

    def _go(self, target: float, done: Done) -> None:
        at = self.server.tick()
        self.server.post(f"{self.prefix}Setpoint", target)
        self.server.post(f"{self.prefix}Readback", self.lands_at(target), at=at)
        self.server.post(f"{self.prefix}Moving", 0, at=at)
        done()


class FakeRamp:
    """A controller that has settled at once, unless told otherwise."""

    def __init__(self, server: FakeServer, ramp: facts.TemperatureStage | facts.Potentiostat | facts.Magnet) -> None:
        self.server, self.prefix = server, ramp.prefix
        self.hold = False
        self.lands_at: Callable[[float], float] = lambda target: target
        for suffix, value in (("Rate", ramp.velocity), ("Settled", 1), ("Status", "settled")):
            server.post(f"{ramp.prefix}{suffix}", value)
        for suffix in ("Setpoint", "Readback"):
            server.post(f"{ramp.prefix}{suffix}", ramp.start)
        server.signals[f"{ramp.prefix}Setpoint"].limits_ = (ramp.low, ramp.high)
        server.on_write[f"{ramp.prefix}Setpoint"] = self._go

    def _go(self, target: float, done: Done) -> None:
        self.server.post(f"{self.prefix}Setpoint", target)
        self.server.post(f"{self.prefix}Settled", 0)
        if not self.hold:
            at = self.server.tick()
            self.server.post(f"{self.prefix}Readback", self.lands_at(target), at=at)
            self.server.post(f"{self.prefix}Settled", 1, at=at)
            done()


class FakeScaler:
    """A scaler that counts at once."""

    def __init__(self, server: FakeServer, scaler: facts.Scaler) -> None:
        self.server, self.prefix = server, scaler.prefix
        self.counts: dict[int, Callable[[int], float]] = {}
        self.exposures = 0
        self.hold = False
        self.short = 1.0
        self.before_done: Callable[[], None] = lambda: None
        self.on_hold: Callable[[], None] = lambda: None
        self.pending: list[Done] = []
        server.post(f"{scaler.prefix}.TP", 1.0)
        server.post(f"{scaler.prefix}.T", 0.0)
        server.post(f"{scaler.prefix}:ExposureCount", 0)
        server.on_write[f"{scaler.prefix}.CNT"] = self._count

    def _count(self, value: int, done: Done) -> None:
        self.server.post(f"{self.prefix}.CNT", value)
        if value:
            self.pending.append(done)
            if self.hold:
                self.on_hold()
            else:
                self.finish()
        else:
            done()
            for given_up in self.pending[:]:
                self.pending.remove(given_up)
                given_up()

    def finish(self) -> None:
        """End the exposure."""
        self.exposures += 1
        at = self.server.tick()
        preset = self.server.signals[f"{self.prefix}.TP"].truth.value
        self.server.post(f"{self.prefix}.T", preset * self.short, at=at)
        for pv in self.server.signals:
            if pv.startswith(f"{self.prefix}.S"):
                channel = int(pv.removeprefix(f"{self.prefix}.S"))
                count = self.counts.get(channel, lambda n: 1000.0 * n)
                self.server.post(pv, count(self.exposures), at=at)
        self.server.post(f"{self.prefix}:ExposureCount", self.exposures)
        self.server.post(f"{self.prefix}.CNT", 0)
        self.before_done()
        self.pending.pop(0)()


class FakeAnalyser:
    """An mca record that counts at once: one count in each channel, and one more with each exposure."""

    def __init__(self, server: FakeServer, sdd: facts.FluorescenceSpectrometer) -> None:
        self.server, self.prefix, self.facts = server, sdd.prefix, sdd
        self.exposures = 0
        self.hold = False
        self.short, self.live_share = 1.0, 0.8
        self.off_by = 0
        self.before_done: Callable[[], None] = lambda: None
        self.pending: list[Done] = []
        for field, value in (
            ("PRTM", 1.0),
            ("NUSE", sdd.channels),
            ("CALO", sdd.offset_kev),
            ("CALS", sdd.channel_kev),
        ):
            server.post(f"{sdd.prefix}.{field}", value)
        for n, region in enumerate(sdd.regions.values()):
            for end, channel in zip(("LO", "HI"), sdd.channels_of(*region), strict=True):
                server.post(f"{sdd.prefix}.R{n}{end}", channel)
        server.on_write[f"{sdd.prefix}.ERST"] = self._start
        server.on_write[f"{sdd.prefix}.STOP"] = self._stop

    def _start(self, _: int, done: Done) -> None:
        self.server.post(f"{self.prefix}.ACQG", 1)
        self.pending.append(done)
        if not self.hold:
            self.finish()

    def _stop(self, _: int, done: Done) -> None:
        self.server.post(f"{self.prefix}.ACQG", 0)
        done()
        while self.pending:
            self.pending.pop(0)()

    def finish(self) -> None:
        """End the exposure."""
        self.exposures += 1
        at, real = self.server.tick(), self.server.signals[f"{self.prefix}.PRTM"].truth.value * self.short
        spectrum = np.full(self.facts.channels, self.exposures)
        for field, value in (("ERTM", real), ("ELTM", real * self.live_share), ("DTIM", 100 * (1 - self.live_share))):
            self.server.post(f"{self.prefix}.{field}", value, at=at)
        self.server.post(self.prefix, spectrum, at=at)
        for n in range(len(self.facts.regions)):
            low, high = (self.server.signals[f"{self.prefix}.R{n}{end}"].truth.value for end in ("LO", "HI"))
            self.server.post(f"{self.prefix}.R{n}", float(spectrum[low : high + 1].sum() + self.off_by), at=at)
        self.server.post(f"{self.prefix}:ExposureCount", self.exposures)
        self.server.post(f"{self.prefix}.ACQG", 0)
        self.before_done()
        self.pending.pop(0)()


class FakeShutter:
    """A shutter that is there at once."""

    def __init__(self, server: FakeServer, shutter: facts.Shutter) -> None:
        self.server, self.prefix = server, shutter.prefix
        self.stuck = False
        server.post(f"{shutter.prefix}Permit", 1)
        server.on_write[f"{shutter.prefix}Open"] = lambda _, done: self._go(2, done)
        server.on_write[f"{shutter.prefix}Close"] = lambda _, done: self._go(0, done)

    def _go(self, end: int, done: Done) -> None:
        if not self.stuck:
            self.server.post(f"{self.prefix}State", end)
        done()


class FakeBeamline:
    """Ring and a beamline behind one fake server."""

    def __init__(self, server: FakeServer, facility: facts.Facility, beamline: facts.Beamline) -> None:
        self.server = server
        self.motors: dict[str, FakeMotor] = {}
        self.shutters: dict[str, FakeShutter] = {}
        self.ramps: dict[str, FakeRamp] = {}
        self.rows: dict[str, FakeRow] = {}
        for key, one in beamline.devices.items():
            if isinstance(one, facts.PlanarUndulator):
                self.gap = FakeGap(server, one.gap)
            elif isinstance(one, facts.AppleUndulator):
                self.gap = FakeGap(server, one.gap)
                self.rows = {part: FakeRow(server, axis) for part, axis in facts.axes_of(one).items() if part != "gap"}
            elif isinstance(one, facts.DoubleCrystalMonochromator | facts.PlaneGratingMonochromator):
                for part, axis in facts.axes_of(one).items():
                    self.motors[part] = FakeMotor(server, axis)
            elif isinstance(one, facts.Shutter):
                self.shutters[key] = FakeShutter(server, one)
            elif isinstance(one, facts.Scaler):
                self.scaler = FakeScaler(server, one)
            elif isinstance(one, facts.Valve):
                server.post(f"{one.prefix}State", 2)
            elif isinstance(one, facts.StationInterlock):
                server.post(f"{one.prefix}State", 2)
                server.post(f"{one.prefix}Permit", 1)
                server.post(f"{one.prefix}Status", "searched and locked")
            elif isinstance(one, facts.Filters):
                for foil in one.foils:
                    self._foil(one.foil_prefix(foil))
            elif isinstance(one, facts.FluorescenceSpectrometer):
                self.analyser = FakeAnalyser(server, one)
            elif isinstance(one, facts.TemperatureStage | facts.Potentiostat | facts.Magnet):
                self.ramps[key] = FakeRamp(server, one)
            else:
                for part, axis in facts.axes_of(one).items():
                    self.motors[f"{key}.{part}"] = FakeMotor(server, axis)
        server.post(f"{facility.ring.prefix}Current", facility.ring.current_ma)

    def _foil(self, prefix: str) -> None:
        def go(value: int, done: Done) -> None:
            self.server.post(prefix, value)
            self.server.post(f"{prefix}State", value)
            done()

        self.server.on_write[prefix] = go
