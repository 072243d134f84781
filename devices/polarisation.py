"""The polarisation of an elliptical undulator's light at the present energy: moves gap, rows and phase shifters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from beam.errors import OutOfReach
from beam.polarisation import WORDS, Polarisation, Stokes, alike, parse
from beam.segmented import SourceState
from devices.coupled import CoupledAxis
from devices.elliptical import EllipticalUndulator
from devices.errors import MoveFailed
from devices.named import NAME
from devices.protocols import ValueOf
from devices.quality import fit_sample
from devices.signals import Quantity, data_key
from devices.state import State, Stated

if TYPE_CHECKING:
    from devices.grating_energy import GratingEnergy

BETWEEN = "between"
DEGREE = Quantity("float")


class PolarisationAxis(CoupledAxis):
    """``set("circular+")``, ``set("linear 45")``: the value is text; elsewhere it reads ``between``.

    Its reading follows from where gap, rows and shifters stand. Documents carry ``polarisation``,
    ``polarisation_setpoint``, and by the undulator's theory the degrees ``polarisation_p1`` (horizontal),
    ``_p2`` (+45°), ``_p3`` (circular) of its light at the present energy, each -1 … 1.

    Parameters
    ----------
    undulator
        What it moves.

    Attributes
    ----------
    energy
        The energy axis, which says for which energy; it tells itself.
    """

    by_words = True
    energy: GratingEnergy

    def __init__(self, undulator: EllipticalUndulator, *, name: str = "polarisation") -> None:
        self.undulator = undulator
        self._light = lru_cache(maxsize=256)(self._stokes)
        super().__init__(undulator.axes, name=name, label="polarisation of the light", unit="")

    def clean(self, value: Any) -> str:
        """Return the polarisation as it is written."""
        return str(value if isinstance(value, Polarisation) else parse(str(value)))

    def value_at(self, positions: Mapping[str, float]) -> str:
        """Return which polarisation the axes make at `positions`."""
        found = self.undulator.polarisation_at(self.undulator.state_at(positions))
        if found is None:
            return BETWEEN
        if self._target is not None and alike(found, wanted := parse(self._target)):
            return str(wanted)  # but for what the encoders round
        return str(Polarisation(found.mode, round(found.value, 1 if found.mode == "linear" else 3)))

    def clean_or_between(self, words: str) -> str:
        """Return what was read or will be asked for, as it is written."""
        return words if words == BETWEEN else self.clean(words)

    def at(self, words: str, asked: str) -> Polarisation:
        """Return the polarisation that `words` say; raise OutOfReach, with what was `asked` for, if they say none."""
        if words == BETWEEN:
            raise OutOfReach(f"{asked}: the undulator stands between polarisations; set {self.name} first: {WORDS}")
        return parse(words)

    def targets_ahead(self, value: str, where: ValueOf) -> dict[str, float]:
        """Return where each axis has to be, for the energy that there will be by then."""
        energy = self.energy.intended(where(self.energy))
        harmonic, switching = int(where(self.energy.harmonic_choice)), str(where(self.undulator.switching))
        return self.undulator.targets(self.undulator.state_for(energy, parse(value), harmonic, switching))

    def waves(self, targets: Mapping[str, float], where: ValueOf) -> list[dict[str, float]]:
        """Return the axes in a safe order."""
        return self.undulator.in_safe_order(targets, where(self.undulator.gap))

    def stands(self, key: str, target: float) -> bool:
        """Return whether an axis is there already."""
        return self.undulator.stands(key, target)

    def expect(self, target: str) -> None:
        """Take note that it was asked for, together with an energy; raise MoveFailed if it reads otherwise."""
        self._target = self.clean(target)
        self.judge(self._target)

    def judge(self, target: str) -> None:
        """Raise MoveFailed if it reads otherwise than it was asked for."""
        if self.position != target:
            raise MoveFailed(f"{self.name}: asked for {target}, it is {self.position}")

    def words(self, value: Any) -> str:
        """Say that it is asked for a polarisation."""
        return f"{self.name} {value}"

    @property
    def limits(self) -> tuple[float, float]:
        """None: polarisations have no order."""
        return 0.0, 0.0

    def degrees(self, state: SourceState) -> Stokes:
        """Return flux and polarisation that the undulator's theory gives for a state, at the present energy."""
        return self._light(round(self.energy.position, 2), state)

    def _stokes(self, energy_ev: float, state: SourceState) -> Stokes:
        return self.undulator.physics.light([energy_ev], state, 1.0)[0]

    def stated(self) -> Stated:
        """Return the worst state of its axes; where all is well, the polarisation."""
        stated = super().stated()
        return Stated(State.ON, self.position) if stated.state is State.ON else stated

    # -- documents ---------------------------------------------------------------------------------------------

    @property
    def hints(self) -> dict[str, list[str]]:
        """Nothing that could be plotted against."""
        return {"fields": []}

    def read(self) -> Any:
        """Return the polarisation, and its degrees."""
        samples = {key: fit_sample(self.name, axis.readback) for key, axis in self.axes.items()}
        positions = {key: one.value for key, one in samples.items()}
        stamp = max(one.time for one in samples.values())
        light = self.degrees(self.undulator.state_at(positions))
        values = {
            "": self.value_at(positions),
            "_setpoint": self.setpoint,
            "_p1": light.p1,
            "_p2": light.p2,
            "_p3": light.p3,
        }
        return {f"{self.name}{key}": {"value": value, "timestamp": stamp} for key, value in values.items()}

    def describe(self) -> Any:
        """Return the data keys."""
        source = f"computed:{self.undulator.name}"
        name = data_key(NAME, source=source, unit="", precision=None, limits=None)
        degree = data_key(DEGREE, source=source, unit="", precision=4, limits=(-1.0, 1.0))
        return {
            self.name: name,
            f"{self.name}_setpoint": dict(name),
            **{f"{self.name}_p{n}": dict(degree) for n in (1, 2, 3)},
        }
