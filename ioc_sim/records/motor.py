"""The motor record on the wire: its state machine, its drive, and the publishing between them.

===========================  ===========================================================================================
what happens                 what follows, in one turn of the event loop
===========================  ===========================================================================================
a client's put               DMOV 0 if the field sets a target; the field and those that follow it; the state machine;
                             what changed; commands to the drive
the drive's report           the state machine; what changed (readbacks first, DMOV last); commands to the drive
DMOV is 1 after either       all puts that wait complete
===========================  ===========================================================================================

An instant motor does all this inside the put, which completes without the event loop having turned.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import compress
from operator import ne
from typing import Any

from caproto import SubscriptionType

from ioc_sim.errors import Refused
from ioc_sim.memory import Kept
from ioc_sim.records import field_specs, motor_saved
from ioc_sim.records.binding import Axis, Timing
from ioc_sim.records.field_specs import Value
from ioc_sim.records.motor_alarm import motor_alarm
from ioc_sim.records.motor_commands import Ask, Command, Load, Report, Settle, Stop, Torque
from ioc_sim.records.motor_drive import RESOLVED_S, MotorDrive
from ioc_sim.records.motor_fields import MotorFields
from ioc_sim.records.motor_settings import MotorSettings
from ioc_sim.records.motor_state import PROCESSING, MotorState
from ioc_sim.records.record import Metadata, Record

KNOWN = tuple(vars(MotorFields()))
"""The fields that the state machine has."""
_FIRST = ("rbv", "rrbv", "drbv", "diff", "rdif", "msta", "val", "dval", "rval", "tdir", "mip")
_LAST = ("movn", "dmov", "stup", "jogf", "jogr", "homf", "homr")
_ORDER = (*_FIRST, *(name for name in KNOWN if name not in _FIRST + _LAST), *_LAST)
RANK = {name: rank for rank, name in enumerate(_ORDER)}
"""Where a field stands among changes that are published together."""
LIMITS = frozenset({"hlm", "llm", "dhlm", "dllm", "mres", "vmax", "vbas"})


class MotorRecord(Record):
    """A motor record on one axis.

    Parameters
    ----------
    name : str
        The record's name.
    axis : Axis
        The mechanics.
    timing : Timing
        The server's time.
    settings : MotorSettings, optional
        What the axis's facts do not say.
    """

    record_type = "motor"

    def __init__(
        self,
        name: str,
        axis: Axis,
        timing: Timing,
        settings: MotorSettings = MotorSettings(),  # noqa: B008
    ) -> None:
        super().__init__(name, field_specs.motor())
        self.axis, self.timing = axis, timing
        self.drive = MotorDrive(axis, timing, settings, self._reported)
        self.state = MotorState(_first_values(axis, settings))
        self.state.start(self.drive.report())
        self._commands: deque[Command] = deque()
        self._executing = False
        self._tasks: set[asyncio.Task[None]] = set()
        facts = axis.facts
        self.values |= {"DESC": facts.label, "EGU": facts.unit, "PREC": facts.precision}
        self._shown: list[Value] = list(vars(self.state.f).values())
        self.values |= {name.upper(): value for name, value in vars(self.state.f).items()}

    def lasting(self) -> float:
        """Return where the axis stands."""
        return self.axis.position

    def set_lasting(self, kept: float) -> None:
        """Go on from there."""
        self.axis.move_to(kept)

    def saved(self) -> Kept:
        """Return what survives a reboot."""
        return motor_saved.saved(self)

    def restore(self, kept: Kept | None) -> None:
        """Start after a reboot; None if nothing was saved."""
        motor_saved.restore(self, kept)

    def restart(self) -> None:
        """Let everything follow from settings and drive, as at the start."""
        self.state.start(self.drive.report())
        self._shown = list(vars(self.state.f).values())
        self.values |= {name.upper(): value for name, value in vars(self.state.f).items()}
        for field, channel in self.fields.items():
            channel.post(self.values[field])
        self.describe()

    async def take(self, field: str, value: Value) -> None:
        """Act on a put."""
        name, state = field.lower(), self.state
        if field == "PROC":
            self._step(state.process())
            await self._execute()
        elif name not in KNOWN:
            await super().take(field, value)
            return
        else:
            if reason := state.refuses(name):
                raise Refused(f"{self.name}.{field} {value}: {reason}")
            processing = name in PROCESSING and not self.disabled()
            self.stamp()
            if processing:
                state.announce(name)
            self._commands.extend(state.store(name, value))  # pyright: ignore[reportArgumentType]
            if value == self.values[field] and name != "val":
                self.post(field, value)  # a put is an event even where it changes nothing
            self._publish(but="val" if processing else "")
            if processing:
                self._step(state.process())
            await self._execute()
            if not processing:
                return
        if not state.f.dmov:
            await self.until_idle()

    def metadata(self, field: str) -> Metadata:
        """Return units, precision, and the limits that clients check before they put."""
        f, metadata = self.state.f, super().metadata(field)
        if field in ("VAL", "RBV"):
            metadata |= _range(f.llm, f.hlm)
        elif field in ("DVAL", "DRBV"):
            metadata |= _range(f.dllm, f.dhlm)
        elif field in ("RVAL", "RRBV"):
            metadata |= _range(int(f.rllm), int(f.rhlm))
        elif field == "VELO":
            metadata |= _range(f.vbas, f.vmax)
        if field in ("VAL", "DVAL"):
            metadata |= {key: self.values[name] for key, name in _ALARM_LIMITS.items()}
        if field in _UNITS:
            metadata["units"] = _UNITS[field].replace("EGU", str(metadata["units"]))
        return metadata

    # ---- between state machine and drive

    def _reported(self, report: Report) -> None:
        self._step(self.state.report(report))
        self._execute_soon()

    def _step(self, commands: list[Command]) -> None:
        self._commands.extend(commands)
        self.stamp()
        self._publish()
        if self.state.f.dmov:
            self.release()

    async def _execute(self) -> None:
        """Give the commands to the drive, in order; what they cause joins the same queue."""
        if self._executing:
            return
        self._executing = True
        try:
            while self._commands:
                await self._do(self._commands.popleft())
        finally:
            self._executing = False

    def _execute_soon(self) -> None:
        if self._commands and not self._executing:
            self._spawn(self._execute())

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, command: Command) -> None:
        match command:
            case Stop():
                await self.drive.stop()
            case Load(raw):
                self.drive.load(raw)
            case Torque(on):
                await self.drive.switch_torque(on)
                self._step(self.state.report(self.drive.report()))
            case Ask():
                self._step(self.state.report(self.drive.report()))
            case Settle(seconds) if seconds < RESOLVED_S * self.timing.scale:
                await self._settle(seconds)
            case Settle(seconds):
                self._spawn(self._settle(seconds))
            case _:
                await self.drive.start(command)

    async def _settle(self, seconds: float) -> None:
        if seconds >= RESOLVED_S * self.timing.scale:
            await self.timing.wait(seconds)
        if seconds > 0:
            await self.timing.advance(seconds)
        self._step(self.state.settled(self.drive.report()))
        self._execute_soon()

    # ---- publishing

    def _publish(self, but: str = "") -> None:
        """Publish what changed; `but` one field, whose turn comes with the record's."""
        f = self.state.f
        now = list(vars(f).values())
        changed = sorted(compress(KNOWN, map(ne, now, self._shown)), key=RANK.__getitem__)
        new_limits = False
        for name in changed:
            value = getattr(f, name)
            if name == but or (name == "rbv" and self._within_deadband(value)):
                now[KNOWN.index(name)] = self.values[name.upper()]
                continue
            new_limits = new_limits or name in LIMITS
            self.post(name.upper(), value)
        self._shown = now
        self.raise_alarm(*motor_alarm(f), "RBV", "RRBV", "DRBV", "VAL", "DVAL")
        if new_limits:
            self.describe(SubscriptionType.DBE_PROPERTY)

    def _within_deadband(self, position: float) -> bool:
        """Say whether MDEL keeps a readback from being published."""
        f = self.state.f
        if f.mdel > 0 and abs(position - f.mlst) <= f.mdel:
            return True
        f.mlst = position
        return False


_ALARM_LIMITS = {
    "upper_alarm_limit": "HIHI",
    "upper_warning_limit": "HIGH",
    "lower_warning_limit": "LOW",
    "lower_alarm_limit": "LOLO",
}
_UNITS = {
    **dict.fromkeys(("VELO", "VMAX", "BVEL", "VBAS", "JVEL", "HVEL"), "EGU/sec"),
    **dict.fromkeys(("JAR", "ACCS"), "EGU/s/s"),
    **dict.fromkeys(("ACCL", "BACC", "DLY"), "sec"),
    **dict.fromkeys(("S", "SBAS", "SBAK", "SMAX"), "rev/sec"),
    "SREV": "step/rev",
    "UREV": "EGU/rev",
}


def _range(low: float, high: float) -> dict[str, float]:
    return {
        "lower_ctrl_limit": low,
        "upper_ctrl_limit": high,
        "lower_disp_limit": low,
        "upper_disp_limit": high,
    }


def _first_values(axis: Axis, settings: MotorSettings) -> MotorFields:
    facts = axis.facts
    velocity = settings.home_velocity
    return MotorFields(
        mres=facts.resolution,
        velo=facts.velocity,
        accl=facts.acceleration_s,
        bacc=facts.acceleration_s,
        dhlm=facts.high,
        dllm=facts.low,
        vbas=settings.base_velocity,
        vmax=settings.max_velocity,
        hvel=facts.velocity / 10 if velocity is None else velocity,
        bdst=settings.backlash,
        rtry=settings.retries,
        rdbd=settings.retry_deadband,
        dly=settings.settle_s,
        twv=settings.tweak,
        off=settings.offset,
        dir=int(settings.negative),
        hlsv=settings.limit_severity,
    )
