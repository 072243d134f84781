"""An elliptical undulator: gap, magnet rows and phase shifters, and what polarisation they make together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from beam import facts
from beam.apple import Rows
from beam.errors import OutOfReach
from beam.polarisation import CIRCULAR_MINUS, CIRCULAR_PLUS, Polarisation, alike
from beam.segmented import SegmentedUndulator, SourceState
from devices.base import Instrument, Part
from devices.choice import Choice
from devices.signals import Attr, Quantity
from devices.undulator import GapAxis, RowAxis

BY_ROWS, BY_SHIFTERS = "rows", "shifters"


class EllipticalUndulator(Instrument):
    """An APPLE-II undulator in segments; make one with `EllipticalUndulator.of`, which names its axes.

    Its axes are ``gap``, ``antiphase``, ``phase1`` … in mm and ``shifter1`` … in deg.

    Attributes
    ----------
    switching
        What makes the helicity: ``"rows"``, all segments alike; or ``"shifters"``, one half of the segments for
        either helicity, of which the phase shifters choose one: fast, with less than full polarisation.
    gap_offset_mm
        What the gap is more than the encoder says: a setting.
    """

    kind_of_device = "undulator"
    axis_names: ClassVar[tuple[str, ...]] = ()

    gap = Part(GapAxis, kind="normal")
    first_harmonic = Attr(Quantity("float", "eV"), kind="normal", doc="energy of the first harmonic; 0 without light")
    power = Attr(Quantity("float", "kW"), kind="normal", doc="radiated power")

    @classmethod
    def of(
        cls, undulator_facts: facts.AppleUndulator, ring_facts: facts.Ring, *, name: str, **kwargs: Any
    ) -> EllipticalUndulator:
        """Make the undulator of a table, with a part for each axis."""
        axes = tuple(facts.axes_of(undulator_facts))
        rows: dict[str, Any] = {key: Part(RowAxis, kind="normal") for key in axes if key != "gap"}
        made: type[EllipticalUndulator] = type(
            cls.__name__, (cls,), {**rows, "axis_names": axes, "__doc__": cls.__doc__}
        )
        return made(undulator_facts, ring_facts, name=name, **kwargs)

    def __init__(
        self, undulator_facts: facts.AppleUndulator, ring_facts: facts.Ring, *, name: str, **kwargs: Any
    ) -> None:
        self.facts = undulator_facts
        self.physics = SegmentedUndulator(undulator_facts, ring_facts)
        self.gap_offset_mm = 0.0
        self._rows = facts.axes_of(undulator_facts)
        # a plan asks for each of its energies when it is made, when it is checked and when it moves
        self._state = lru_cache(maxsize=8192)(self.physics.state)
        self._split = lru_cache(maxsize=8192)(self.physics.switching_states)
        axis = undulator_facts.gap
        super().__init__(axis.address, name=name, label="undulator", tango_name=axis.name, **kwargs)
        self.axes: dict[str, GapAxis] = {key: getattr(self, key) for key in self.axis_names}
        self.switching = Choice((BY_ROWS, BY_SHIFTERS), name=f"{name}_switching", kind="config", parent=self)

    def facts_of(self, part: str) -> facts.AxisFacts:
        """Return the table of facts of an axis."""
        return self._rows[part]

    def state_for(
        self, energy_ev: float, polarisation: Polarisation, harmonic: int = 0, switching: str = BY_ROWS
    ) -> SourceState:
        """Return where to stand for an energy in a polarisation.

        Parameters
        ----------
        energy_ev, polarisation
            What is asked for.
        harmonic
            Of the undulator; 0 takes the strongest.
        switching
            What makes the helicity.

        Raises
        ------
        OutOfReach
            If the polarisation does not reach the energy: gives the range, and which others do; or if it is none that
            phase shifters can choose.
        """
        if switching == BY_ROWS:
            return self._state(energy_ev, polarisation, harmonic or None)
        if polarisation not in (CIRCULAR_PLUS, CIRCULAR_MINUS):
            raise OutOfReach(
                f"{self.name} polarisation {polarisation}: with {self.switching.name} {BY_SHIFTERS} there are "
                f"{CIRCULAR_PLUS} and {CIRCULAR_MINUS}; {BY_ROWS} gives all"
            )
        if harmonic > 1:
            raise OutOfReach(f"{self.name} harmonic {harmonic}: in {polarisation} the harmonics in use are 1")
        return self._split(energy_ev)[0 if polarisation == CIRCULAR_PLUS else 1]

    def targets(self, state: SourceState) -> dict[str, float]:
        """Return what the encoders have to show for a state, by axis."""
        return {
            "gap": state.gap_mm - self.gap_offset_mm,
            "antiphase": state.rows[0].antiphase_mm,
            **{f"phase{n}": rows.phase_mm for n, rows in enumerate(state.rows, 1)},
            **{f"shifter{n}": degrees for n, degrees in enumerate(state.shifters_deg, 1)},
        }

    def state_at(self, positions: Mapping[str, float]) -> SourceState:
        """Return the state where the encoders show `positions`: the inverse of `targets`."""
        antiphase = positions["antiphase"]
        phases = range(1, len(self.facts.phases) + 1)
        return SourceState(
            positions["gap"] + self.gap_offset_mm,
            tuple(Rows(positions[f"phase{n}"], antiphase) for n in phases),
            tuple(positions[f"shifter{n}"] for n in range(1, len(self.facts.shifters) + 1)),
        )

    def polarisation_at(self, state: SourceState) -> Polarisation | None:
        """Return which polarisation a state is for; None where it is none that can be asked for."""
        array, near = self.physics.array, [axis.tolerance for axis in self.facts.shifters]

        def stand(wanted: tuple[float, ...]) -> bool:
            return all(abs(at - one) <= by for at, one, by in zip(state.shifters_deg, wanted, near, strict=True))

        found = [array.polarisation_of(state.gap_mm, rows) for rows in state.rows]
        first = found[0]
        if first is not None and all(one is not None and alike(one, first) for one in found[1:]):
            return first if stand((0.0,) * len(near)) else None
        if found == [CIRCULAR_PLUS, CIRCULAR_MINUS] and self.facts.segments // 2 > 1:
            plus, minus = self.physics.switching_shifters_deg()
            return CIRCULAR_PLUS if stand(plus) else CIRCULAR_MINUS if stand(minus) else None
        return None

    def in_safe_order(self, targets: Mapping[str, float], gap_now_mm: float) -> list[dict[str, float]]:
        """Return which axes start together: the gap opens before rows move, and closes after they have moved.

        So rows never move in a gap smaller than both that they come from and that they go to.
        """
        others = {key: one for key, one in targets.items() if key != "gap"}
        gap = {"gap": targets["gap"]}
        return [gap, others] if targets["gap"] >= gap_now_mm else [others, gap]

    def stands(self, key: str, target: float) -> bool:
        """Return whether an axis rests where its encoder shows `target` as nearly as it can."""
        axis = self.axes[key]
        step = axis.facts.resolution
        return not axis.moving and abs(axis.position - target) <= 0.5 * step * (1 + 1e-6)

    def read_configuration(self) -> Any:
        """Return the configuration, and what makes the helicity."""
        return {**super().read_configuration(), **self.switching.read()}

    def describe_configuration(self) -> Any:
        """Return the data keys."""
        return {**super().describe_configuration(), **self.switching.describe()}
