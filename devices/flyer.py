"""A flyer: moves axes along a path while gates latch counters and encoders, and proves that every gate became a row.

What its unit says of the end of a flight is not taken for success. The rows go into a file that the unit writes while
it flies; documents say how far it has grown.

=====================  ======================================================================================
after a flight         it fails
=====================  ======================================================================================
execute status         not ``Success``: with the unit's own message
gates made             not as many as asked for
buffer                 overflow, ever
rows stored            not as many as gates made, in the file of this capture
the file               cannot be read, or holds fewer rows; not looked at where it is not to be seen from here
amplifiers             overloaded at a gate
=====================  ======================================================================================

Detectors on its trigger outputs (`devices.gated`) take a frame or a spectrum at each gate of a flight that names them;
it fails where theirs are not as many as the rows.

Bluesky's order is `stage`, then for each pass `prepare` (a `devices.flight.Flight`), `kickoff`, `complete` and, as
often as one likes, `collect`; `unstage` closes the file. A pause stops the flight behind the last gate that ended;
after `resume`, with the next `collect`, the axes run up to the gate that comes next: the shutter, which closed
meanwhile, is open again by then.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from beam import facts
from beam.errors import OutOfReach
from beam.gate_kinds import GateUnit
from beam.trajectory import Trajectory, plan
from devices.axis import Axis
from devices.base import Instrument
from devices.deadlines import PATIENCE
from devices.energy import EnergyAxis
from devices.errors import BadReading, Busy, DeviceError, NotConnected, NotTaken, Overloaded, Stopped, TimedOut
from devices.flight import Flight, paces
from devices.gated import Gated
from devices.row_documents import WHERE, Document, RowDocuments, rows_in
from devices.signals import Attr, DeviceSignal, Quantity, enum_text, fetch_all
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.waiting import Waiting, in_background

COUNT = Quantity("int")
OUTCOME = Quantity("enum", enum=("Undefined", "Success", "Failure", "Abort"))
SLOWEST_GATES_PER_S = 100.0
"""Making and storing rows is at least as fast as this, in wall time."""
PART_MARGIN = 1.001


class Flyer(Instrument):
    """A gate unit; make one with `Flyer.of`, which gives it a table for each axis.

    Parameters
    ----------
    unit_facts
        Its table of the configuration.
    axes
        What is wired to it, by key.
    counters
        Data keys of the chambers that it latches.
    energy
        The energy axis, if its Bragg angle is among them.
    local_files
        Whether its files can be opened from here.
    """

    kind_of_device = "gate_unit"

    times: Any
    gate_mode = Attr(Quantity("enum", enum=("Time", "Position"), writable=True), doc="what makes gates")
    gate_axis = Attr(Quantity("int", writable=True), doc="number of the axis whose positions make them")
    gate_start: Any
    gate_step: Any
    gate_number: Any
    shortest_gate = Attr(Quantity("float", "s"), kind="config", doc="the shortest gate")
    pass_number = Attr(Quantity("int", writable=True), doc="what each row carries")
    energy_spacing = Attr(Quantity("float", "Angstrom", writable=True), kind="config", doc="of planes or grooves")
    energy_offset = Attr(Quantity("float", "deg", writable=True), kind="config", doc="of the angle of energies")
    build = Attr(Quantity("enum", enum=("Done", "Build"), writable=True), doc="write 1 to check the tables")
    build_status = Attr(OUTCOME, doc="what came of that")
    build_message = Attr(Quantity("string"), doc="why")
    execute = Attr(Quantity("enum", enum=("Done", "Execute"), writable=True), doc="write 1 to fly")
    execute_status = Attr(OUTCOME, doc="what came of the last flight")
    execute_message = Attr(Quantity("string"), doc="why")
    abort_flight = Attr(Quantity("int", writable=True), doc="write 1 to stop the flight")
    asked = Attr(COUNT, doc="gates of the flight")
    made = Attr(COUNT, doc="gates made in it")
    overloaded = Attr(COUNT, doc="gates at which an amplifier was overloaded")
    stored = Attr(COUNT, doc="rows in the file")
    waiting = Attr(COUNT, doc="rows in the buffer")
    buffer_rows = Attr(COUNT, kind="config", doc="rows that the buffer holds")
    store_rate = Attr(Quantity("float", "1/s"), doc="rows a second that the store sustained in a probe")
    overflow = Attr(Quantity("enum", enum=("No", "Yes")), doc="whether rows were lost")
    capture = Attr(Quantity("enum", enum=("Done", "Capture"), writable=True), doc="write 1 to open a file")
    file_path = Attr(Quantity("string"), doc="the directory where its files go")
    keep_rows = Attr(Quantity("int", writable=True), doc="rows of the file that are kept when it is closed; -1: all")
    full_name = Attr(Quantity("string"), doc="the file")
    write_status = Attr(Quantity("enum", enum=("Ok", "Error")), doc="whether the writer is well")
    write_message = Attr(Quantity("string"), doc="what is wrong with it")

    @classmethod
    def of(cls, unit_facts: GateUnit, axes: Mapping[str, Axis], **kwargs: Any) -> Flyer:
        """Make the flyer at `unit_facts`, with a table for each of `axes`."""
        points = (unit_facts.most_points,)
        rows = (unit_facts.most_gate_rows,)
        table = Quantity("float", "s", shape=points, writable=True)
        attrs: dict[str, Any] = {"times": Attr(table, doc="of the trajectory's points")}
        for name in ("gate_start", "gate_step", "gate_number"):
            attrs[name] = Attr(Quantity("float", shape=rows, writable=True), doc="rows of the table of gates")
        if unit_facts.energy_mirror is not None:
            angle = Quantity("float", "deg", writable=True)
            attrs["energy_mirror_offset"] = Attr(angle, kind="config", doc="of the mirror's angle")
        for number, axis in enumerate(axes.values(), 1):
            attrs[f"use_{number}"] = Attr(Quantity("enum", enum=("No", "Yes"), writable=True), doc="whether it flies")
            attrs[f"positions_{number}"] = Attr(
                Quantity("float", axis.unit, shape=points, writable=True), doc="of the trajectory's points"
            )
            attrs[f"error_{number}"] = Attr(Quantity("float", axis.unit), doc="largest distance from what is demanded")
        for number, detector in enumerate(unit_facts.triggers, 1):
            attrs[f"trigger_{number}"] = Attr(
                Quantity("enum", enum=("No", "Yes"), writable=True), doc=f"whether gates trigger {detector}"
            )
        made: type[Flyer] = type(cls.__name__, (cls,), {**attrs, "__doc__": cls.__doc__, "__module__": cls.__module__})
        return made(unit_facts, axes, **kwargs)

    def __init__(
        self,
        unit_facts: GateUnit,
        axes: Mapping[str, Axis],
        *,
        name: str,
        counters: tuple[str, ...] = (),
        energy: EnergyAxis | None = None,
        local_files: bool = True,
        **kwargs: Any,
    ) -> None:
        self.facts = unit_facts
        self.axes = dict(axes)
        self.counters = counters
        self.energy = energy
        self.local_files = local_files
        self.detectors: dict[str, Gated] = {}
        """What its outputs trigger, by key."""
        self._documents = RowDocuments()
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._flight: Flight | None = None
        self._rest: Flight | None = None
        """What of it is still to be made."""
        self._ready: Flight | None = None
        """What the unit has been told."""
        self._planned: tuple[Flight, Trajectory] | None = None
        self._status: Waiting | None = None
        self._leg: object = None
        """The part of the flight that the unit makes: a pause begins another one."""
        self._before = 0
        self._base = 0
        """Row of the file that is the first gate of the flight; negative where that is in a file before."""
        self._held = self._go_on = self._spoiled = False
        self._given_up = False
        self._forgetting = False
        """Whether its file is being changed for another one, and nothing that is known of its rows is true."""
        self._vouched: int | None = None
        self._asked_rows = self._rows_before = 0
        super().__init__(unit_facts.address, name=name, label=unit_facts.label, tango_name=unit_facts.name, **kwargs)
        self.execute.subscribe(self._connection_changed, event_type="meta", run=False)

    # -- what a flight would be -----------------------------------------------------------------------------------

    def trajectory(self, flight: Flight) -> Trajectory:
        """Return the trajectory of a flight, run-up and run-down included; refuse one that cannot be made.

        Raises
        ------
        OutOfReach
            Names axis, gate or rate, and what would do.
        """
        if self._planned is not None and self._planned[0] is flight:
            return self._planned[1]
        self._check_gates(flight)
        made = plan(flight.stretches, paces({key: self.axis(key) for key in flight.axes}))
        if len(made.times) > self.facts.most_points or len(made.gates) > self.facts.most_gate_rows:
            raise OutOfReach(
                f"{self.name}: {len(made.times)} points and {len(made.gates)} rows of gates; "
                f"{self.facts.most_points} and {self.facts.most_gate_rows} are allowed: fly it in parts"
            )
        self._planned = flight, made
        return made

    def axis(self, key: str) -> Axis:
        """Return an axis that is wired to it.

        Raises
        ------
        OutOfReach
            There is none of this key; names those that there are.
        """
        if key not in self.axes:
            raise OutOfReach(f"{self.name}: {key} is not wired to it; {', '.join(self.axes)} are")
        return self.axes[key]

    def key_of(self, axis: Any) -> str:
        """Return the key of an axis that is wired to it."""
        for key, one in self.axes.items():
            if one is axis:
                return key
        raise OutOfReach(f"{self.name}: {getattr(axis, 'name', axis)} is not wired to it; {', '.join(self.axes)} are")

    def gated(self, detectors: Iterable[Any]) -> tuple[Gated, ...]:
        """Return what it triggers of these; counters that it latches anyway are left out.

        Raises
        ------
        OutOfReach
            One is on none of its outputs; names those that are.
        """
        found: list[Gated] = []
        for one in detectors:
            name = str(getattr(one, "name", one))
            if wired := [each for each in self.detectors.values() if each.detector is one]:
                found += wired
            elif name != self.facts.scaler and name not in self.counters:
                known = ", ".join((self.facts.scaler, *self.detectors))
                raise OutOfReach(f"{self.name}: {name} is on none of its trigger outputs; it reads {known}")
        return tuple(dict.fromkeys(found))

    def check_flight(self, flight: Flight) -> Trajectory:
        """Refuse what cannot be flown, before anything moves; return the trajectory.

        Raises
        ------
        OutOfReach
            A gate, a speed, a position that cannot be; says what could.
        NotConnected, BadReading, Busy
            The unit, or an axis, cannot fly now.
        """
        made = self.trajectory(flight)
        for key in flight.axes:
            self.axes[key].check_value(float(made.positions[key][0]))
        if missing := self.missing:
            raise NotConnected(f"{self.name}: {missing[0]} does not answer; {self.execute.last_words}")
        for one in flight.detectors:
            one.check_flight(flight)
        return made

    def _check_gates(self, flight: Flight) -> None:
        if not flight.gates:
            raise OutOfReach(f"{self.name}: no gates, no flight")
        shortest = self.facts.shortest_gate_s
        if flight.shortest_s < shortest * (1 - 1e-9):
            raise OutOfReach(
                f"{self.name}: gates of {flight.shortest_s:.4g} s; its shortest are {shortest:g} s: "
                "gates as long as that would do"
            )
        self._check_rate(flight)

    def _check_rate(self, flight: Flight) -> None:
        rate = self.facts.stored_rows_per_s
        if self.store_rate.connected and (probed := float(self.store_rate.sample.value)) > 0:
            rate = min(rate, probed)
        longest_run = max(len(one) for one in flight.stretches)
        if 1.0 / flight.shortest_s > rate and longest_run > self.facts.buffer_rows:
            raise OutOfReach(
                f"{self.name}: {1.0 / flight.shortest_s:.4g} gates a second, more than its buffer of "
                f"{self.facts.buffer_rows} rows holds; its store sustained {rate:.4g} rows a second in a probe: "
                f"gates of {PART_MARGIN / rate:.3g} s or longer would do"
            )

    def flight_s(self, flight: Flight) -> float:
        """Return how long a flight takes from the first point of its trajectory to the last, in device seconds."""
        return self.trajectory(flight).duration_s

    def start_of(self, flight: Flight) -> dict[str, float]:
        """Return where each axis of a flight starts, by key."""
        return {key: float(one[0]) for key, one in self.trajectory(flight).positions.items()}

    def flight_bytes(self, flight: Flight) -> float:
        """Return how many bytes a flight writes."""
        return 8.0 * (7 + 2 * len(self.axes) + len(self.counters)) * flight.gates

    # -- preparing ------------------------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Begin anew: another file."""
        self._rows_before = self.frames_in_files()
        self._documents.begin()
        self._flight = self._rest = self._ready = None
        self._held = self._go_on = self._spoiled = self._forgetting = False
        self._vouched = None
        return super().stage()

    def prepare(self, value: Flight) -> Waiting:
        """Tell the unit a flight, and open its file; the returned status ends when it could begin."""
        self._refuse_to_disturb()
        made = self.check_flight(value)
        status = Waiting(
            self.name, "its unit to be ready", 2 * PATIENCE.margin_s + PATIENCE.wall_seconds(0.0), self._last_words
        )

        def work() -> None:
            if self.execute.fetch().value:
                raise Busy(f"{self.name}: somebody else flies; wait, or stop it there")
            self._open_file()
            self._check_rate(value)
            self._tell(value, made)
            self._documents.take(str(self.full_name.fetch().value), self._columns(value))
            self._flight = self._rest = self._ready = value
            status.finish()

        in_background(lambda: status.guard(work))
        return status

    def _refuse_to_disturb(self) -> None:
        if self._status is not None and not self._status.done:
            raise Busy(f"{self.name}: it flies still; wait or stop it first")

    def _open_file(self) -> None:
        if not self.capture.fetch().value:
            self._write(self.capture, "Capture")
        state, message = fetch_all((self.write_status, self.write_message))
        if state.value or not self.capture.fetch().value:
            raise BadReading(f"{self.name}: no file could be opened: {message.value}")

    def _tell(self, flight: Flight, made: Trajectory) -> None:
        """Write the tables, and let the unit check them."""
        if self.energy is not None:
            for key, value in self.energy.flown_with().items():
                self._write(getattr(self, f"energy_{key}"), value)
        self._write(self.times, made.times)
        for number, key in enumerate(self.axes, 1):
            flies = key in made.positions
            self._write(getattr(self, f"use_{number}"), "Yes" if flies else "No")
            if flies:
                self._write(getattr(self, f"positions_{number}"), made.positions[key])
        for number, detector in enumerate(self.detectors.values(), 1):
            self._write(getattr(self, f"trigger_{number}"), "Yes" if detector in flight.detectors else "No")
        rows: list[tuple[float, float, int]] = [(one.start_s, one.step_s, one.number) for one in made.gates]
        self._write(self.gate_mode, "Position" if flight.compare else "Time")
        if flight.compare:
            self._write(self.gate_axis, list(self.axes).index(flight.compare) + 1)
            rows = []
            for one in flight.stretches:
                edges = one.positions[flight.compare]
                rows.append((float(edges[0]), float(edges[-1] - edges[0]) / len(one), len(one)))
        for signal, column in zip(
            (self.gate_start, self.gate_step, self.gate_number), zip(*rows, strict=True), strict=True
        ):
            self._write(signal, list(column))
        self._write(self.pass_number, flight.number)
        self._write(self.build, "Build")
        built, message, _ = fetch_all((self.build_status, self.build_message, self.pass_number))
        if enum_text(OUTCOME, built.value) != "Success":
            raise NotTaken(f"{self.name}: its unit refuses the flight: {message.value or 'without a word'}")

    def _write(self, signal: DeviceSignal, value: Any) -> None:
        """Write and wait for the completion; where the control system does not say a refusal, `Build` finds it out."""
        written = threading.Event()
        signal.start(value, written.set)
        if not written.wait(2 * PATIENCE.margin_s):
            raise TimedOut(f"{self.name}: waited {2 * PATIENCE.margin_s:g} s for {signal.address} to take its table")
        if signal.refusal:
            raise NotTaken(f"{self.name}: {signal.address}: {signal.refusal}")

    # -- flying ---------------------------------------------------------------------------------------------------

    def kickoff(self) -> Waiting:
        """Begin the flight that it was prepared for; the returned status ends when the unit was told."""
        flight = self._flight
        if flight is None or self._ready is not flight:
            raise DeviceError(f"{self.name}: it is not prepared; prepare it with a flight first")
        self._refuse_to_disturb()
        self._check_interlocks(flight)
        status = self._waiting_for(flight)
        for one in flight.detectors:
            one.take_off(status, self._lost, flight.gates)
        begun = Waiting(self.name, "its flight to begin", PATIENCE.wall_seconds(0.0), self._last_words)
        with self._lock:
            self._status, self._rest = status, flight
            self._held = self._go_on = self._spoiled = self._forgetting = self._given_up = False
        self._asked_rows += flight.gates

        def work() -> None:
            self._base = int(self.stored.fetch().value)
            self._start(status)
            begun.finish()

        in_background(lambda: begun.guard(work))
        return begun

    def _waiting_for(self, flight: Flight) -> Waiting:
        nominal = self.flight_s(flight) + self._to_start_s(flight)
        return Waiting(
            self.name,
            f"the end of a flight of {flight.gates} gates",
            PATIENCE.wall_seconds(nominal)
            + flight.gates / SLOWEST_GATES_PER_S
            + sum(one.patience_s(flight.gates) for one in flight.detectors),
            lambda: str(self.made.last_words),
        )

    def _check_interlocks(self, flight: Flight) -> None:
        made = self.trajectory(flight)
        for key in flight.axes:
            for place in (float(made.positions[key].min()), float(made.positions[key].max())):
                self.axes[key].check_interlocks(place)

    def _to_start_s(self, flight: Flight) -> float:
        return max(self.axes[key].nominal_s(place) for key, place in self.start_of(flight).items())

    def _start(self, status: Waiting) -> None:
        self._before = int(self.stored.fetch().value)
        self._ready = None  # the tables are used up
        leg = self._leg = object()
        self.execute.start("Execute", lambda: in_background(lambda: status.guard(lambda: self._ended(status, leg))))

    def _ended(self, status: Waiting, leg: object) -> None:
        with self._lock:
            if status.done or leg is not self._leg or self._held:
                return
        if not self.execute.connected:
            self._connection_changed(connected=False)
            return
        if self.execute.refusal:
            raise NotTaken(f"{self.name}: {self.execute.address}: {self.execute.refusal}")
        flight = self._rest
        assert flight is not None
        outcome, message, asked, made, stored, overflow, writer, overloaded = fetch_all(
            (
                *(self.execute_status, self.execute_message, self.asked, self.made, self.stored, self.overflow),
                *(self.write_status, self.overloaded),
            )
        )
        said = enum_text(OUTCOME, outcome.value)
        rows = int(stored.value) - self._before
        if overflow.value:
            raise BadReading(f"{self.name}: {message.value} ({rows} of {flight.gates} gates are stored)")
        if writer.value:
            raise BadReading(f"{self.name}: its writer failed after {rows} rows: {self.write_message.fetch().value}")
        if said == "Abort":
            raise Stopped(f"{self.name}: somebody stopped it after {made.value} of {flight.gates} gates")
        if said != "Success":
            raise BadReading(
                f"{self.name}: the flight failed after {made.value} of {flight.gates} gates: {message.value}"
            )
        if not made.value == rows == flight.gates or asked.value != flight.gates:
            raise BadReading(
                f"{self.name}: {flight.gates} gates were asked for, {made.value} made, {rows} rows stored "
                f"({self.full_name.fetch().value})"
            )
        path = str(self.full_name.fetch().value)
        if self.local_files and (found := rows_in(path)) < stored.value:
            raise BadReading(f"{self.name}: {path} holds {found} of {stored.value} rows")
        for one in flight.detectors:
            one.prove(flight.gates)
        if overloaded.value:
            raise Overloaded(
                f"{self.name}: an amplifier was overloaded at {overloaded.value} of {flight.gates} gates; "
                f"lower the gain of {' or '.join(self.counters)}"
            )
        status.finish()

    def complete(self) -> Waiting:
        """Return the status that ends with the flight."""
        if self._status is None:
            raise DeviceError(f"{self.name}: there is no flight to complete; kick it off first")
        return self._status

    def _lost(self, error: Exception) -> None:
        """Give the flight up: a detector has lost something that cannot be had again."""
        status = self._status
        if status is None or status.done or self._held:
            return
        status.fail(error)
        if self.abort_flight.connected:
            self.abort_flight.start(1)

    @property
    def flying(self) -> bool:
        """Whether there is a flight whose end is still to come."""
        return self._status is not None and not self._status.done

    # -- stopping -------------------------------------------------------------------------------------------------

    def stop(self, *, success: bool = False) -> None:
        """Stop the flight; the rows of the gates that ended are kept."""
        status, self._given_up = self._status, True
        if status is None or status.done:
            return
        status.give_up()
        with self._lock:
            self._held = self._go_on = False
        if self.abort_flight.connected:
            self.abort_flight.start(1)
        if success:
            status.finish()
        else:
            status.fail(Stopped(f"{self.name}: stopped while flying; {self.made.last_words}"))

    def pause(self) -> None:
        """Stop behind the last gate that has ended, to go on later."""
        status = self._status
        if status is None or status.done:
            return
        with self._lock:
            self._held = True
        if self.abort_flight.connected:
            self.abort_flight.start(1)

    def vouch(self, rows: int) -> None:
        """Let so many rows of the file be announced, and no more until this is called again."""
        self._vouched = rows

    @property
    def repeatable(self) -> bool:
        """Whether gates of the flight under way, or of one that ended well, could be made again."""
        status = self._status
        return status is not None and not self._given_up and (not status.done or bool(status.success))

    def spoil(self) -> None:
        """Stop, also behind the last gate, and forget the rows that were not announced; `resume` makes them again."""
        status, flight = self._status, self._flight
        if status is None or flight is None or not self.repeatable:
            return
        with self._lock:
            self._held = self._spoiled = True
            if status.done:
                self._status = self._waiting_for(flight)
        if self.abort_flight.connected:
            self.abort_flight.start(1)

    def resume(self) -> None:
        """Go on with the next `collect`."""
        self._go_on = self._held

    def _continue(self) -> None:
        status, flight = self._status, self._flight
        if status is None or status.done or flight is None:
            return
        with self._lock:
            if not self._go_on:
                return
            self._go_on = False

        def work() -> None:
            with self._telling:
                begin_again()

        def begin_again() -> None:
            with self._lock:
                if not self._held:
                    return  # what was asked for again has been made good already
                spoiled, self._held, self._spoiled = self._spoiled, False, False
                self._forgetting = spoiled
                self._leg = None  # the end of what was stopped is no news any more
            self._write(self.execute, "Done")  # completes when the last row of what was stopped is stored
            for one in flight.detectors:
                one.disarm()
            if spoiled:
                self._forget_the_rest(flight)
            else:
                self._rest = flight.rest(self._stored_by_all(flight) - self._base)
            rest = self._rest
            assert rest is not None
            if not rest.gates:
                status.finish()  # it was stopped behind its last gate
                return
            for one in flight.detectors:
                one.arm(rest.gates)
                one.take_off(status, self._lost)
            self._check_interlocks(rest)
            self._tell(rest, self.check_flight(rest))
            self._start(status)

        in_background(lambda: status.guard(work))

    def _stored_by_all(self, flight: Flight) -> int:
        """Return how many rows are in the file; raise where a detector has not as many."""
        rows = int(self.stored.fetch().value)
        for one in flight.detectors:
            if (found := self._agreeing((one,), rows, one.get_index())) != rows:
                raise BadReading(f"{one.name}: {found} of {rows} gates are in its file, when the flight is to go on")
        return rows

    def _agreeing(self, detectors: Iterable[Gated], rows: int, least: int) -> int:
        """Return how many rows are there of the same gates in the files of all."""
        found, path = min(rows, least), str(self.full_name.sample.value)
        for one in detectors:
            found = one.agreeing((path, f"{WHERE}/gate"), min(self._documents.rows, found), found)
        return found

    def _forget_the_rest(self, flight: Flight) -> None:
        """Cut what was not announced off the file, and go on in another one."""
        announced = self._documents.rows
        good = announced - self._base
        for one in flight.detectors:
            one.cut(announced)
        self._write(self.keep_rows, announced)
        self._write(self.capture, "Done")
        self._rows_before += announced
        self._vouched = None if self._vouched is None else 0
        self._open_file()
        self._documents.begin()
        self._documents.take(str(self.full_name.fetch().value), self._columns(flight))
        self.stored.fetch()
        self._base, self._rest = -good, flight.rest(good)
        self._forgetting = False

    def unstage(self) -> list[object]:
        """Leave nothing flying behind, and close the file."""
        self.stop(success=True)
        if self.capture.connected:
            if self.execute.fetch().value:
                self._write(self.execute, "Done")
            self._write(self.capture, "Done")
        return super().unstage()

    def _connection_changed(self, connected: bool = True, **_: Any) -> None:
        status = self._status
        if not connected and status is not None:
            status.fail(NotConnected(f"{self.name}: lost its server while flying; {self.made.last_words}"))

    # -- documents ------------------------------------------------------------------------------------------------

    def _columns(self, flight: Flight) -> dict[str, str]:
        """Return the columns of the file by data key."""
        found = {"count_time": "count_time", **{one: one for one in self.counters}}
        found |= {f"{self.name}_{one}": one for one in ("gate", "pass", "time", "timestamp")}
        for key in flight.axes:
            column = key.replace(".", "_")
            found |= {self.axes[key].readback.name: column, f"{self.axes[key].readback.name}_error": f"{column}_error"}
        if self.energy is not None and self.facts.energy_axis in flight.axes:
            energy = self.energy.name
            found |= {energy: "energy", f"{energy}_setpoint": "energy_demand"}
            for part in self.energy.carried:
                key = self.key_of(self.energy.axes[part])
                found[f"{energy}_{part}"] = key.replace(".", "_")
        return found

    def describe_collect(self) -> dict[str, Any]:
        """Return the data keys of the rows of the flight that it is prepared for."""
        if self._flight is None:
            raise DeviceError(f"{self.name}: it is not prepared; prepare it with a flight first")
        units = dict.fromkeys(("time", "count_time"), "s")
        units |= dict.fromkeys(self.counters, "counts") | {"energy": "eV", "energy_demand": "eV"}
        for key, axis in self.axes.items():
            column = key.replace(".", "_")
            units |= {column: axis.unit, f"{column}_error": axis.unit}
        found: dict[str, Any] = {}
        for key, column in self._columns(self._flight).items():
            found[key] = {
                "source": f"file of {self.address}",
                "dtype": "number",
                "dtype_numpy": "<f8",
                "shape": [],
                "external": "STREAM:",
            }
            if column in units:
                found[key]["units"] = units[column]
        return found

    def collect_asset_docs(self, index: int | None = None) -> Iterator[Document]:
        """Yield the documents that say how far the file has grown."""
        if self._go_on:
            self._continue()
        status = self._status
        if status is not None and status.done and self.execute.connected and self.execute.sample.value:
            self._write(self.execute, "Done")  # completes when the last row of a flight that was stopped is stored
            self.stored.fetch()
        detectors = () if self._flight is None else self._flight.detectors
        if status is not None and status.done:
            for one in detectors:
                one.disarm()  # what it took is written then
            index = None if detectors else index  # it was asked for before
        if self._spoiled or self._forgetting or not self.stored.connected:
            return
        rows = int(self.stored.sample.value)
        rows = min(rows, *(one for one in (index, self._vouched) if one is not None), rows)
        if detectors:
            rows = self._agreeing(detectors, rows, min(one.get_index() for one in detectors))
            for one in detectors:
                one.announce(rows)
        yield from self._documents.collect(rows)

    @property
    def announces(self) -> bool:
        """Whether a stream of its rows was begun."""
        return self._documents.rows > 0 or self._status is not None

    def get_index(self) -> int:
        """Return how many rows are stored; none are to be vouched for while those of a spoiled flight are forgotten."""
        return 0 if self._spoiled or self._forgetting else int(self.stored.sample.value)

    # -- what the integrity report asks ---------------------------------------------------------------------------

    def frames_expected(self) -> int:
        """Return how many gates the flights so far were to make."""
        return self._asked_rows

    def frames_in_files(self) -> int:
        """Return how many rows of them are in their files now."""
        rows = self._documents.rows
        return self._rows_before + (rows_in(self._documents.path) if self.local_files and rows else rows)

    def directory(self) -> Path:
        """Return where it writes, as its server sees it."""
        return Path(str(self.file_path.sample.value))

    def _last_words(self) -> str:
        return str(self.execute.last_words)

    def report_state(self) -> Stated:
        """Return the state from the writer and the flight."""
        status = self.write_status.sample
        return first_that_holds(
            (
                Fact(status.value != 0, State.FAULT, f"the writer failed: {self.write_message.sample.value}"),
                alarm(status.severity, "the writer"),
                Fact(bool(self.execute.sample.value), State.RUNNING, f"flies, {self.made.sample.value} gates made"),
            ),
            Stated(State.ON, f"ready to fly {', '.join(self.axes)}"),
        )


def counters_on(devices: Mapping[str, facts.Facts], scaler: str) -> tuple[str, ...]:
    """Return what counts on a scaler."""
    return tuple(key for key, one in devices.items() if isinstance(one, facts.OnScaler) and one.scaler == scaler)
