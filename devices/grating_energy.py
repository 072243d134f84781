"""The photon energy by a grating: moves an elliptical undulator and a plane-grating monochromator together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from beam import facts
from beam.errors import OutOfReach
from beam.grating import ANGSTROM_PER_MM, grating_deg
from beam.polarisation import Polarisation, parse
from devices.choice import Chosen
from devices.coupled import now
from devices.elliptical import EllipticalUndulator
from devices.energy import LEAST_LIGHT, EnergyAxis
from devices.errors import NoLight
from devices.grating import PlaneGrating
from devices.polarisation import BETWEEN, PolarisationAxis
from devices.protocols import ValueOf
from devices.quality import fit_sample
from devices.waiting import Waiting


class PolarisationChoice(Chosen):
    """A polarisation by its words, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(value="", **kwargs)

    def check_value(self, value: str, **_: Any) -> None:
        """Refuse what is no polarisation."""
        if value:
            parse(value)


class GratingEnergy(EnergyAxis):
    """The energy of a beamline with an elliptical undulator and a plane-grating monochromator.

    The undulator follows in the polarisation that it stands in. The reading is computed from the angles of mirror and
    grating; documents carry ``energy``, ``energy_setpoint``, ``energy_harmonic``, ``energy_gap`` (mm),
    ``energy_mirror`` and ``energy_grating`` (deg).

    Parameters
    ----------
    beamline
        Name of the beamline, for messages.
    energy_facts
        Range and tolerance in eV.
    undulator, pgm
        The devices it moves.
    polarisation
        The axis that tells the polarisation.

    Attributes
    ----------
    polarisation_choice
        A polarisation that the next energy is to be reached in, both in one motion; empty: the one that there is.
    """

    def __init__(
        self,
        beamline: str,
        energy_facts: facts.EnergyRange,
        undulator: EllipticalUndulator,
        pgm: PlaneGrating,
        polarisation: PolarisationAxis,
        *,
        name: str = "energy",
    ) -> None:
        self.undulator, self.pgm, self.polarisation = undulator, pgm, polarisation
        polarisation.energy = self
        self._ruling = ""  # in the beam when the target was asked for
        axes = {**undulator.axes, "mirror": pgm.mirror, "grating": pgm.grating}
        super().__init__(beamline, energy_facts, undulator.facts.harmonics, axes, name=name)
        self.polarisation_choice = PolarisationChoice(name=f"{name}_polarisation_choice", kind="omitted", parent=self)

    carried = ("gap", "mirror", "grating")

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """The energy that mirror and grating select, in eV; 0 where nothing is diffracted."""
        return self.pgm.energy_at(self.pgm.mirror.position, self.pgm.grating.position)

    def value_at(self, positions: Mapping[str, float]) -> float:
        """Return the energy where the axes are at `positions`."""
        return self.pgm.energy_at(positions["mirror"], positions["grating"])

    @property
    def setpoint(self) -> float:
        """The energy last asked for; before the first, and after an exchange of gratings, where it is."""
        same = self.pgm.in_beam(self.pgm.exchange.position) == self._ruling
        return self._target if same and self._target is not None else self.position

    def intended(self, energy_ev: float) -> float:
        """Return the energy that was asked for where it is this one, but for what the encoders round."""
        target = self._target
        return target if target is not None and abs(target - energy_ev) <= self.facts.tolerance_ev else energy_ev

    @property
    def harmonic(self) -> int:
        """The harmonic whose energy at the present gap and rows lies nearest to the energy; 0 without light."""
        state = self.undulator.state_at({key: axis.position for key, axis in self.undulator.axes.items()})
        first = self.undulator.physics.first_harmonic_ev(state)
        if not first or not self.position:
            return 0
        return min(self.undulator.facts.harmonics, key=lambda n: abs(n - self.position / first))

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest energy of beamline, grating in the beam, and undulator in its polarisation, in eV."""
        low, high = self.facts.min_ev, self.facts.max_ev
        grating = self.pgm.facts.gratings[self.pgm.in_beam(self.pgm.exchange.position)]
        low, high = max(low, grating.min_ev), min(high, grating.max_ev)
        if (words := self.polarisation.position) != BETWEEN:
            source = self.undulator.physics.array.range_ev(self.polarisation.at(words, ""))
            low, high = max(low, source[0]), min(high, source[1])
        return low, high

    def set(self, value: float) -> Waiting:
        """Start moving all axes; the returned status ends when all have arrived and the energy is right."""
        self._ruling = self.pgm.in_beam(self.pgm.exchange.position)
        return super().set(value)

    def choose_harmonic(self, energies_ev: Iterable[float], polarisations: Sequence[Polarisation] = ()) -> int:
        """Return the one harmonic that reaches all energies in all polarisations, by default in the present one."""
        energies = sorted({float(one) for one in energies_ev})
        ends = (energies[0], energies[-1])
        wanted = polarisations or (self._polarisation(self.words(energies[0]), now),)
        array = self.undulator.physics.array
        reach = {one: [set(array.harmonics_for(end, one)) for end in ends] for one in wanted}
        for one in wanted:
            for end in ends:
                array.best_harmonic(end, one)  # refuses what no harmonic reaches
        shared = set(array.harmonics).intersection(*(at for both in reach.values() for at in both))
        if not shared:
            having = (
                f"{one} {end:.6g} eV: {', '.join(str(n) for n in sorted(at))}"
                for one, both in reach.items()
                for end, at in zip(ends, both, strict=True)
            )
            raise OutOfReach(
                f"{self.beamline} energy {ends[0]:.6g} … {ends[1]:.6g} eV: no single harmonic reaches the whole range "
                f"({'; '.join(having)})"
            )
        best = array.best_harmonic(0.5 * (ends[0] + ends[1]), wanted[0])
        return best if best in shared else min(shared)

    def targets_for(self, energy_ev: float, harmonic: int = 0, where: ValueOf | None = None) -> dict[str, float]:
        """Return where each axis has to be: lengths in mm, angles in deg."""
        where = where or now
        words = self.words(energy_ev)
        return self.targets_in(self._polarisation(words, where), energy_ev, harmonic, where)

    def targets_in(
        self, polarisation: Polarisation, energy_ev: float, harmonic: int = 0, where: ValueOf = now
    ) -> dict[str, float]:
        """Return where each axis has to be for an energy in a polarisation; raises as `targets_for`."""
        words = self.words(energy_ev)
        if self.beyond(energy_ev):
            raise OutOfReach(f"{words}: {self.facts.min_ev:g} … {self.facts.max_ev:g} eV is what the beamline is for")
        chosen = harmonic or int(where(self.harmonic_choice))
        switching = str(where(self.undulator.switching))
        state = self.undulator.state_for(float(energy_ev), polarisation, chosen, switching)
        return {**self.undulator.targets(state), **self.pgm.angles_for(words, energy_ev, where)}

    def check_in(self, polarisation: Polarisation, energy_ev: float, harmonic: int = 0, where: ValueOf = now) -> None:
        """Refuse an energy that cannot be reached in a polarisation, before anything moves."""
        self.check_targets(energy_ev, self.targets_in(polarisation, energy_ev, harmonic, where))

    def circular_degree(self, polarisation: Polarisation, energy_ev: float, where: ValueOf = now) -> float:
        """Return the degree of circular polarisation that the undulator's theory gives for both, -1 … 1."""
        state = self.undulator.state_for(energy_ev, polarisation, 1, str(where(self.undulator.switching)))
        return self.undulator.physics.light([energy_ev], state, 1.0)[0].p3

    def check_light(self, positions: Mapping[str, float]) -> None:
        """Refuse a gap and rows that give no light of the energy that mirror and grating let through."""
        at, physics = self.value_at(positions), self.undulator.physics
        state = self.undulator.state_at(positions)
        first = physics.first_harmonic_ev(state)
        if first and at > 0:
            nearest = first * min(self.undulator.facts.harmonics, key=lambda n: abs(n - at / first))
            there, could = (one.s0 for one in physics.light([at, nearest], state, 1.0))
            if there >= LEAST_LIGHT * could > 0:
                return
            gives = f"gives {nearest:.6g} eV"
        else:
            gives = "gives no light at all"
        raise NoLight(
            f"{self.words(at)}: no light, the undulator's gap of {positions['gap']:.6g} mm {gives}; "
            "set the energy first"
        )

    def calibrated(self, found_ev: float, reference_ev: float) -> tuple[PlaneGrating, dict[str, float]]:
        """Return the offset of the grating's angle that makes what was found at one energy read as the other."""
        pgm = self.pgm
        name = pgm.in_beam(pgm.exchange.position)
        order, lines = int(pgm.order.get()), pgm.physics.grating(name).lines_per_mm
        at = pgm.physics.motors(found_ev, name, pgm.cff.get(), order)
        wrong_deg = grating_deg(reference_ev, at.mirror_deg, lines, order) - at.grating_deg
        return pgm, {"grating_offset_deg": round(pgm.grating_offset_deg + wrong_deg, 8)}

    def waves(self, targets: Mapping[str, float], where: ValueOf) -> list[dict[str, float]]:
        """Return the axes in a safe order: the undulator's own, the monochromator with what starts first."""
        source = {key: one for key, one in targets.items() if key in self.undulator.axes}
        first, second = self.undulator.in_safe_order(source, where(self.undulator.gap))
        return [{**first, "mirror": targets["mirror"], "grating": targets["grating"]}, second]

    def stands(self, key: str, target: float) -> bool:
        """Return whether an axis of the undulator is there already."""
        return key in self.undulator.axes and self.undulator.stands(key, target)

    def judge(self, target: float) -> None:
        """Raise MoveFailed if energy, or a polarisation that was chosen, is not the one that was asked for."""
        super().judge(target)
        if chosen := str(self.polarisation_choice.get()):
            self.polarisation.expect(chosen)

    def _polarisation(self, words: str, where: ValueOf) -> Polarisation:
        if chosen := str(where(self.polarisation_choice)):
            return parse(chosen)
        return self.polarisation.at(self.polarisation.clean_or_between(where(self.polarisation)), words)

    def flown_with(self) -> dict[str, float]:
        """Return distance of the grooves over the order, and offsets, of the grating in the beam."""
        pgm = self.pgm
        lines = pgm.physics.grating(pgm.check_in_beam(self.name, pgm.exchange.position)).lines_per_mm
        return {
            "spacing": ANGSTROM_PER_MM / (lines * int(pgm.order.get())),
            "offset": pgm.grating_offset_deg,
            "mirror_offset": pgm.mirror_offset_deg,
        }

    # -- documents ---------------------------------------------------------------------------------------------

    def read(self) -> Any:
        """Return energy, set-point, harmonic, and where gap, mirror and grating are."""
        samples = {key: fit_sample(self.name, self.axes[key].readback) for key in self.carried}
        at = {key: one.value for key, one in samples.items()}
        values = {"": self.value_at(at), "_setpoint": self.setpoint, "_harmonic": self.harmonic}
        stamp = max(samples["mirror"].time, samples["grating"].time)
        found = {f"{self.name}{key}": {"value": value, "timestamp": stamp} for key, value in values.items()}
        for key, one in samples.items():
            found[f"{self.name}_{key}"] = {"value": one.value, "timestamp": one.time}
        return found

    def describe(self) -> Any:
        """Return the data keys."""
        return self.keys(f"computed:{self.pgm.name},{self.undulator.name}", self.carried)

    def follow(self, callback: Callable[..., None]) -> None:
        """Have `callback` called whenever an angle changes."""
        for axis in (self.pgm.mirror, self.pgm.grating):
            axis.readback.subscribe(callback)
