"""A trajectory controller with a gate generator, a latch and a store: axes fly, counters are read gate by gate.

Its records are those of a profile move (motor module: Times, Positions, Build, Execute, Abort), of a gate sequencer
(start, step, number, by time or by position), and of a file plugin (Capture, WriteStatus).

=========  ====================  =======================================================================================
Execute    event                 what happens
=========  ====================  =======================================================================================
Done       Build                 the tables are checked as a whole: BuildStatus Success, or Failure with BuildMessage
Done       a table is put        BuildStatus Undefined
Done       Execute put to 1      Failure without Capture or Build, or if an axis moves; otherwise it flies
Execute    gates end             GatesMade; rows wait (RowsWaiting) until they are stored (RowsStored)
Execute    the last row stored   ExecuteStatus Success; Done, and all puts complete
Execute    Abort, Execute 0,     the axes stand; rows of the gates that ended are stored; ExecuteStatus Abort; Done
           STOP of an axis
Execute    an axis too far off   likewise; ExecuteStatus Failure, ExecuteMessage says which
Execute    buffer full           Overflow Yes, rows are lost; likewise Failure
Execute    writer fails          WriteStatus Error with severity MAJOR, WriteMessage; likewise Failure
=========  ====================  =======================================================================================

As with a real one, the put of Execute *succeeds* whatever became of the flight. Flights of one Capture append to one
file; the put of Capture to 1 completes when the file is there, that of 0 when it is closed, with KeepRows rows if that
is not -1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import caproto as ca
import numpy as np
import numpy.typing as npt

from beam.constants import SILICON_LATTICE
from beam.gate_kinds import GateUnit
from ioc_sim.acquire_channel import Acquire
from ioc_sim.channels import Channel, Channels, Enum, Float, Int, LongText, Text, under
from ioc_sim.errors import Refused
from ioc_sim.gates.capture import OVERRUN, Capture
from ioc_sim.gates.flight import Carriage, Flight, Halted, Lost, Settings, columns_of, flown_line
from ioc_sim.gates.program import Program, build
from ioc_sim.gates.rows_file import RowsFile
from ioc_sim.gates.triggers import Triggered, Triggers
from ioc_sim.groups.motors import MotorsGroup
from ioc_sim.groups.spectrometer import SpectrometerGroup
from ioc_sim.groups.undulator import AppleUndulatorGroup, UndulatorGroup
from ioc_sim.station import Station

Floats: TypeAlias = npt.NDArray[np.float64]

OUTCOMES = ("Undefined", "Success", "Failure", "Abort")


class Numbers(Channel, ca.ChannelDouble):
    """An array of numbers that a client writes."""

    def __init__(self, most: int, units: str = "", **kwargs: Any) -> None:
        super().__init__(value=[0.0], max_length=most, units=units, **kwargs)

    def clean(self, value: Any) -> Any:
        """Take numbers only, as many as there is room for."""
        value = np.atleast_1d(np.asarray(super().clean(value), dtype=np.float64))
        if not np.isfinite(value).all():
            raise Refused(f"{self.name}: not all of these are numbers that can be set")
        return value

    @property
    def array(self) -> Floats:
        """The numbers."""
        return np.atleast_1d(np.asarray(self.value, dtype=np.float64))


class GateUnitGroup:
    """The channels of one unit.

    Attributes
    ----------
    named : dict[str, Channel]
        What it serves, by the records' names without prefix.
    file : Capture
        Where the rows go.
    """

    def __init__(self, name: str, facts: GateUnit, station: Station) -> None:
        self._facts, self._station = facts, station
        self.axes = {key: station.line.axes[key] for key in facts.axes}
        self._carriages: dict[str, Carriage] = {}
        columns = columns_of(facts, flown_line(facts, station))
        writer: Any = RowsFile(facts.address, columns)
        self.file = Capture(
            facts.label,
            Path(station.files) / name,
            "flight",
            writer,
            places=facts.buffer_rows,
            rows_per_s=facts.stored_rows_per_s,
            row_bytes=8 * len(columns),
            scale=lambda: station.time.scale,
            busy=lambda: self.execute.value == "Execute",
        )
        self._making = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gates")
        self._program: Program | None = None
        self._first = 0

        async def undo(_: Any) -> None:
            self._program = None
            self.build_status.update("Undefined")

        self.times = Numbers(facts.most_points, "s", on_put=undo)
        self.use = {key: Enum("No", ("No", "Yes"), on_put=undo) for key in facts.axes}
        self.positions = {
            key: Numbers(facts.most_points, axis.facts.unit, on_put=undo) for key, axis in self.axes.items()
        }
        self.errors = {key: Float(0.0, units=axis.facts.unit, precision=6) for key, axis in self.axes.items()}
        self.mode = Enum("Time", ("Time", "Position"), on_put=undo)
        self.compare = Int(1, low=1, high=max(len(facts.axes), 2), on_put=undo)
        self.gate_start, self.gate_step, self.gate_number = (
            Numbers(facts.most_gate_rows, on_put=undo) for _ in range(3)
        )
        self.number = Int(1, low=0, high=10**6, on_put=_keep)
        # without a spacing (0) energies are no numbers: that of grooves is for the client to say
        spacing = float(SILICON_LATTICE) / 3**0.5 if facts.energy_mirror is None else 0.0
        self.spacing = Float(spacing, low=0.0, high=1e6, units="Angstrom", precision=6, on_put=_keep)
        self.offset, self.mirror_offset = (
            Float(0.0, low=-10.0, high=10.0, units="deg", precision=6, on_put=_keep) for _ in range(2)
        )
        self.build_button = Enum("Done", ("Done", "Build"), on_put=self._build)
        self.build_status, self.build_message = Enum("Undefined", OUTCOMES), LongText(max_length=400)
        self.execute = Acquire(self._fly, "Execute")
        self.execute_status, self.execute_message = Enum("Undefined", OUTCOMES), LongText(max_length=400)
        self.abort = Int(0, low=0, high=1, on_put=self._abort)
        self.asked, self.made, self.overloaded = Int(0), Int(0), Int(0)
        self.overflow = Enum("No", ("No", "Yes"))
        self.named: dict[str, Any] = {
            "Times": self.times,
            "GateMode": self.mode,
            "GateAxis": self.compare,
            "GateStart": self.gate_start,
            "GateStep": self.gate_step,
            "GateNumber": self.gate_number,
            "ShortestGate_RBV": Float(facts.shortest_gate_s, units="s", precision=6),
            "PassNumber": self.number,
            "EnergySpacing": self.spacing,
            "EnergyOffset": self.offset,
            "Build": self.build_button,
            "BuildStatus": self.build_status,
            "BuildMessage": self.build_message,
            "Execute": self.execute,
            "ExecuteStatus": self.execute_status,
            "ExecuteMessage": self.execute_message,
            "Abort": self.abort,
            "GatesAsked_RBV": self.asked,
            "GatesMade_RBV": self.made,
            "GatesOverloaded_RBV": self.overloaded,
            "Overflow_RBV": self.overflow,
            **self.file.named,
        }
        del self.named[OVERRUN]  # here it belongs to the flight
        self.outputs = {key: Enum("No", ("No", "Yes"), on_put=_keep) for key in facts.triggers}
        self._detectors: dict[str, Triggered] = {}
        for number, key in enumerate(facts.triggers, 1):
            self.named |= {f"T{number}Output_RBV": Text(key), f"T{number}UseOutput": self.outputs[key]}
        if facts.energy_mirror is not None:
            self.named["EnergyMirrorOffset"] = self.mirror_offset
        for number, key in enumerate(facts.axes, 1):
            self.named |= {
                f"M{number}Axis_RBV": Text(key),
                f"M{number}UseAxis": self.use[key],
                f"M{number}Positions": self.positions[key],
                f"M{number}FollowingError_RBV": self.errors[key],
            }
        self.channels: Channels = under(facts.prefix, self.named)

    def connect(self, groups: Mapping[str, Any]) -> None:
        """Find what moves the axes."""
        for key in self.axes:
            owner, _, part = key.partition(".")
            match groups[owner]:
                case MotorsGroup() as group:
                    self._carriages[key] = group.motors[part].drive
                case AppleUndulatorGroup() as group if part != "gap":
                    self._carriages[key] = group.others[part].carriage
                case UndulatorGroup() as group:
                    self._carriages[key] = group.carriage
                case other:
                    raise TypeError(f"{key}: a {type(other).__name__} cannot fly")

        for key in self.outputs:
            group = groups[key]
            detector = group.mapping if isinstance(group, SpectrometerGroup) else group
            if detector is None:
                raise TypeError(f"{key}: nothing there that a gate could trigger")
            self._detectors[key] = detector

    async def finish(self) -> None:
        """Close the file: the server ends."""
        await self.file.close()

    def lasting(self) -> int:
        """Return how many gates there were: their noise goes on."""
        return self._first

    def set_lasting(self, kept: int) -> None:
        """Go on from there."""
        self._first = kept

    # ---- building

    async def _build(self, value: str) -> None:
        self.build_button.post("Done")
        if value != "Build":
            return
        if self.execute.value == "Execute":
            raise Refused(f"{self._facts.label}: Build while it flies; wait or Abort first")
        used = [key for key, channel in self.use.items() if channel.value == "Yes"]
        compare = self._facts.axes[self.compare.value - 1] if self.mode.value == "Position" else None
        rows = list(zip(self.gate_start.array, self.gate_step.array, self.gate_number.array.astype(int), strict=False))
        try:
            if not len(self.gate_start.array) == len(self.gate_step.array) == len(self.gate_number.array):
                raise Refused(f"{self._facts.label}: GateStart, GateStep and GateNumber must be of one length")
            positions = {key: self.positions[key].array for key in used}
            program = await asyncio.get_running_loop().run_in_executor(
                self._making, build, self._facts, self.axes, self.times.array, positions, rows, compare
            )
        except Refused as error:
            self._program = None
            self.build_message.post(str(error)[:399])
            self.build_status.post("Failure")
            return
        self._program = program
        self.asked.post(len(program.begin))
        self.build_message.post("")
        self.build_status.post("Success")

    # ---- flying

    async def _abort(self, value: int) -> None:
        if value:
            self.abort.post(0)
            self.execute.ask_to_stop()

    async def _fly(self, stop: asyncio.Event) -> None:
        program = self._program
        self.execute_status.post("Undefined")
        self.execute_message.post("")
        self.overflow.post("No")
        self.made.post(0)
        self.overloaded.post(0)
        if why := self._why_not(program):
            self._ended("Failure", why)
            return
        assert program is not None
        carriages = {key: self._carriages[key] for key in program.positions}
        settings = Settings(float(self.number.value), self.spacing.value, self.offset.value, self.mirror_offset.value)
        triggers = Triggers([one for key, one in self._detectors.items() if self.outputs[key].value == "Yes"])
        flight = Flight(
            self._facts, self._station, self.axes, carriages, program, settings, self._first, self._making, triggers
        )
        for one in carriages.values():
            one.carry(stop.set)
        self.file.begin()

        def ticked() -> bool:
            self.made.update(flight.log.gates)
            self.overloaded.update(flight.log.overloaded)
            self.file.show()
            return not (self.file.overflowed or self.file.broken)

        outcome, message = "Success", ""
        try:
            await flight.run(stop, self.file.offer, ticked)
        except Halted:
            outcome, message = "Abort", "stopped"
        except Lost as error:
            outcome, message = "Failure", str(error)
        finally:
            for one in carriages.values():
                await one.put_down()
        await self.file.drained()
        self._first += flight.log.gates
        ticked()
        for key, most in flight.log.errors.items():
            self.errors[key].post(most)
        if self.file.overflowed:
            self.overflow.post("Yes")
            outcome, message = "Failure", f"buffer of {self._facts.buffer_rows} rows full: rows are lost"
        elif self.file.broken:
            outcome, message = "Failure", f"rows cannot be stored: {self.file.write_message.value}"
        self._ended(outcome, message)

    def _why_not(self, program: Program | None) -> str:
        if program is None:
            return "nothing was built"
        if not self.file.is_open:
            return "no file is open; Capture first"
        moving = [self.axes[key].name for key in program.positions if self._carriages[key].moving]
        if moving:
            return f"{moving[0]} moves"
        return ""

    def _ended(self, outcome: str, message: str) -> None:
        self.execute_message.post(message[:399])
        self.execute_status.post(outcome)


async def _keep(_: Any) -> None:
    """Do nothing: it counts from the next flight on."""
