"""Filters: foils that are in the beam or out of it, and the transmission that they make together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from beam import facts
from beam.errors import OutOfReach
from beam.filters import FoilSet
from devices.base import Instrument, Part
from devices.coupled import CoupledAxis
from devices.deadlines import PATIENCE
from devices.errors import MoveFailed, NotConnected
from devices.protocols import ValueOf
from devices.quality import fit_sample
from devices.signals import INVALID, Attr, Quantity, enum_text
from devices.state import Fact, State, Stated, alarm, first_that_holds
from devices.waiting import Waiting, in_background

ENDS = {"in": "In", "out": "Out"}


class Foil(Instrument):
    """One foil: ``set("in")``, ``set("out")``."""

    kind_of_device = "foil"

    indicator = Attr(Quantity("enum", enum=("Out", "In", "Moving")), kind="normal", name="{}", doc="where it is")
    command = Attr(Quantity("enum", enum=("Out", "In"), writable=True), doc="where it was sent")

    def __init__(self, filters_facts: facts.Filters, *, name: str, attr_name: str, **kwargs: Any) -> None:
        self.facts = filters_facts.foils[attr_name]
        self.travel_s = filters_facts.travel_s
        label = f"{self.facts.material} {self.facts.thickness_um:g} µm"
        address = filters_facts.foil_prefix(attr_name)
        super().__init__(address, name=name, label=label, attr_name=attr_name, **kwargs)
        self.command.guard = self.check_interlocks

    @property
    def reported(self) -> str:
        """What it reports: Out, In or Moving."""
        return str(self.indicator.get())

    @property
    def inserted(self) -> bool:
        """Whether it reports to be in the beam."""
        return self.reported == "In"

    @property
    def moving(self) -> bool:
        """Whether it moves."""
        return self.reported == "Moving"

    def locate(self) -> dict[str, str]:
        """Return where it was sent and where it is."""
        return {"setpoint": str(self.command.get()).lower(), "readback": self.reported.lower()}

    def check_value(self, value: str, **_: Any) -> None:
        """Refuse what is neither in nor out."""
        if value not in ENDS:
            raise OutOfReach(f"{self.name} {value!r}: allowed are 'in' and 'out'")
        if missing := self.missing:
            raise NotConnected(f"{self.name}: {missing[0]} does not answer; {self.indicator.last_words}")

    def nominal_s(self, value: str) -> float:
        """Return how long it takes to go there, in device seconds."""
        return 0.0 if self.reported == ENDS[value] else self.travel_s

    def set(self, value: str) -> Waiting:
        """Put it in or take it out; the returned status ends on arrival."""
        self.check_value(value)
        self.check_interlocks(value)
        wanted = ENDS[value]
        deadline = PATIENCE.wall_seconds(self.travel_s)
        status = Waiting(self.name, f"it to be {value}", deadline, lambda: str(self.indicator.last_words))

        def arrived() -> None:
            sample = self.indicator.fetch()
            text = enum_text(self.indicator.quantity, sample.value)
            if text != wanted or sample.severity >= INVALID:
                raise MoveFailed(f"{self.name}: asked to be {value}, it is {text}")
            status.finish()

        status.guard(lambda: self.command.start(wanted, lambda: in_background(lambda: status.guard(arrived))))
        return status

    def stop(self, *, success: bool = False) -> None:
        """Do nothing: a foil half way in is in no state that anybody wants."""

    def report_state(self) -> Stated:
        """Return whether it is in or out."""
        sample = self.indicator.sample
        text = enum_text(self.indicator.quantity, sample.value)
        known = {"In": State.INSERT, "Out": State.EXTRACT, "Moving": State.MOVING}
        return first_that_holds(
            (alarm(sample.severity, "state"), Fact(text not in known, State.FAULT, f"reports {text}")),
            Stated(known.get(text, State.FAULT), text.lower()),
        )


class Transmission(CoupledAxis):
    """The share of light that the foils let through at the present energy, of the foils that come nearest to it.

    Parameters
    ----------
    foils
        The devices, by name.
    foil_set
        What they let through.
    energy
        Whose `position` is the photon energy in eV.
    """

    def __init__(self, foils: Mapping[str, Foil], foil_set: FoilSet, energy: Any, *, name: str, **kwargs: Any) -> None:
        self.foils, self.foil_set, self.energy = dict(foils), foil_set, energy
        untyped: Any = foils  # foils are not axes, but are driven like them
        super().__init__(untyped, name=name, label="transmission of the filters", unit="", **kwargs)

    def _inserted(self) -> Collection[str]:
        return [key for key, foil in self.foils.items() if foil.inserted]

    @property
    def position(self) -> float:
        """The transmission of the foils that are in, at the present energy."""
        return self.foil_set.transmission(self._inserted(), self.energy.position)

    @property
    def setpoint(self) -> float:
        """The transmission last asked for; before the first time, what it is."""
        return self.position if self._target is None else self._target

    @property
    def precision(self) -> int:
        """Digits after the point."""
        return 5

    @property
    def limits(self) -> tuple[float, float]:
        """The transmission with all foils in, at the present energy, and 1."""
        return self.foil_set.lowest(self.energy.position), 1.0

    def targets_ahead(self, value: float, where: ValueOf) -> dict[str, Any]:
        """Return which foils have to be in and which out."""
        energy = where(self.energy)
        lowest = self.foil_set.lowest(energy)
        if not lowest * (1 - 1e-9) <= value <= 1.0:
            raise OutOfReach(f"{self.name} {value:.6g}: reaches {lowest:.3g} … 1 at {energy:.6g} eV")
        chosen = self.foil_set.best(value, energy)
        return {key: "in" if key in chosen else "out" for key in self.foils}

    def judge(self, target: float) -> None:
        """Do nothing: each foil has proven where it is."""

    def words(self, value: float) -> str:
        """Say that it is asked for a transmission."""
        return f"{self.name} {value:.6g}"

    def follow(self, callback: Any) -> None:
        """Have `callback` called whenever a foil moves."""
        for foil in self.foils.values():
            foil.indicator.subscribe(callback)

    def read(self) -> Any:
        """Return value and set-point."""
        stamp = max(fit_sample(self.name, foil.indicator).time for foil in self.foils.values())
        return {
            self.name: {"value": self.position, "timestamp": stamp},
            f"{self.name}_setpoint": {"value": self.setpoint, "timestamp": stamp},
        }


class Filters(Instrument):
    """Foils by name, ``filters.al_10.set("in")``, and `transmission`; make one with `Filters.of`."""

    foil_names: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, filters_facts: facts.Filters, energy: Any, *, name: str, **kwargs: Any) -> Filters:
        """Make the filters of a table, with a part for each foil; `energy` is asked for the photon energy."""
        rows: dict[str, Any] = {key: Part(Foil, kind="normal") for key in filters_facts.foils}
        made: type[Filters] = type(
            cls.__name__, (cls,), {**rows, "foil_names": tuple(filters_facts.foils), "__doc__": cls.__doc__}
        )
        return made(filters_facts, energy, name=name, **kwargs)

    def __init__(self, filters_facts: facts.Filters, energy: Any, *, name: str, **kwargs: Any) -> None:
        self.facts = filters_facts
        super().__init__(
            filters_facts.address, name=name, label=filters_facts.label, tango_name=filters_facts.name, **kwargs
        )
        self.foils: dict[str, Foil] = {key: getattr(self, key) for key in self.foil_names}
        foil_set = FoilSet(filters_facts.foils)
        self.transmission = Transmission(self.foils, foil_set, energy, name=f"{name}_transmission", parent=self)

    def facts_of(self, part: str) -> facts.Filters:
        """Return the table of facts of a foil: that of all."""
        del part
        return self.facts

    @property
    def parts(self) -> dict[str, Any]:
        """The foils, and the transmission."""
        return {**super().parts, "transmission": self.transmission}

    def read(self) -> Any:
        """Return the foils' states, and the transmission."""
        return {**super().read(), self.transmission.name: self.transmission.read()[self.transmission.name]}

    def describe(self) -> Any:
        """Return the data keys."""
        return {**super().describe(), self.transmission.name: self.transmission.describe()[self.transmission.name]}

    def report_state(self) -> Stated:
        """Return the worst state of the foils; where all is well, which are in."""
        moving = [key for key, foil in self.foils.items() if foil.moving]
        inserted = [key for key, foil in self.foils.items() if foil.inserted]
        broken = [foil.stated() for foil in self.foils.values() if foil.state in (State.FAULT, State.UNKNOWN)]
        words = f"in: {', '.join(inserted)}" if inserted else "all out"
        return first_that_holds(
            (
                Fact(bool(broken), broken[0].state if broken else State.FAULT, broken[0].text if broken else ""),
                Fact(bool(moving), State.MOVING, f"{', '.join(moving)} on the way"),
            ),
            Stated(State.INSERT if inserted else State.EXTRACT, words),
        )
