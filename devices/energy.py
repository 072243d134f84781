"""The photon energy in eV: moves the undulator's gap, the Bragg angle and the crystal distance together."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from ophyd import Device

from beam import facts
from beam.errors import OutOfReach
from devices.axis import Axis
from devices.base import Instrument
from devices.commands import Commands
from devices.deadlines import PATIENCE
from devices.errors import DeviceError, MoveFailed
from devices.harmonic import HarmonicChoice, one_harmonic
from devices.monochromator import DoubleCrystal
from devices.quality import fit_sample
from devices.signals import DeviceSignal, Quantity, data_key
from devices.state import State, Stated, worst
from devices.undulator import Undulator
from devices.waiting import Waiting

EV = Quantity("float", "eV")
PRECISION = 3


class EnergyAxis(Commands, Device):
    """The beamline's energy.

    Its reading is computed from the Bragg angle's readback; the harmonic is the one whose energy at the present gap
    lies nearest. Documents carry ``energy``, ``energy_setpoint``, ``energy_harmonic``, ``energy_gap`` (mm) and
    ``energy_bragg`` (deg).

    Parameters
    ----------
    beamline
        Name of the beamline, for messages.
    energy_facts
        Range and tolerance in eV.
    undulator, dcm
        The devices it moves.
    """

    SUB_READBACK = "readback"
    _default_sub = SUB_READBACK

    def __init__(
        self,
        beamline: str,
        energy_facts: facts.EnergyRange,
        undulator: Undulator,
        dcm: DoubleCrystal,
        *,
        name: str = "energy",
    ) -> None:
        self.beamline = beamline
        self.facts = energy_facts
        self.undulator = undulator
        self.dcm = dcm
        self.axes: dict[str, Axis] = {"gap": undulator.gap, "bragg": dcm.bragg, "perp": dcm.perp}
        self.unit = "eV"
        self.label = "photon energy"
        self._target: float | None = None
        self._status: Waiting | None = None
        self._lock = threading.Lock()
        self._followed = False
        # a plan asks for each of its energies when it is made, when it is checked and when it moves
        self._gap = lru_cache(maxsize=8192)(undulator.physics.gap_mm)
        super().__init__("", name=name, labels={"motors"})
        self.harmonic_choice = HarmonicChoice(
            undulator.facts.harmonics, name=f"{name}_harmonic_choice", kind="config", parent=self
        )

    # -- where it is and may go --------------------------------------------------------------------------------

    @property
    def position(self) -> float:
        """The energy that the Bragg angle selects, in eV."""
        return self.dcm.energy_at(self.dcm.bragg.position)

    @property
    def egu(self) -> str:
        """The unit."""
        return self.unit

    @property
    def precision(self) -> int:
        """Digits after the point."""
        return PRECISION

    @property
    def harmonic(self) -> int:
        """The harmonic whose energy at the present gap lies nearest to the energy; 0 without light."""
        gap = self.undulator.gap.position + self.undulator.gap_offset_mm
        if not self.undulator.physics.has_light(gap):
            return 0
        ratio = self.position / self.undulator.physics.energy_ev(gap)
        return min(self.undulator.facts.harmonics, key=lambda n: abs(n - ratio))

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest energy that the beamline is built for and the Bragg axis reaches, in eV."""
        low_deg, high_deg = self.dcm.bragg.limits
        return (
            max(self.facts.min_ev, math.ceil(self.dcm.energy_at(min(high_deg, 90.0)))),
            min(self.facts.max_ev, math.floor(self.dcm.energy_at(max(low_deg, 0.1)))),
        )

    @property
    def low_limit(self) -> float:
        """The lowest energy."""
        return self.limits[0]

    @property
    def high_limit(self) -> float:
        """The highest energy."""
        return self.limits[1]

    @property
    def moving(self) -> bool:
        """Whether one of its axes moves."""
        return any(axis.moving for axis in self.axes.values())

    @property
    def setpoint(self) -> float:
        """The energy last asked for; before the first, where it is."""
        return self.position if self._target is None else self._target

    def locate(self) -> dict[str, float]:
        """Return where it was asked to be and where it is."""
        return {"setpoint": self.setpoint, "readback": self.position}

    def choose_harmonic(self, energies_ev: Iterable[float]) -> int:
        """Return the one harmonic that reaches all energies, with the highest flux in their middle.

        Raises
        ------
        OutOfReach
            If an energy cannot be reached at all, or no single harmonic reaches them all.
        """
        energies = sorted({float(one) for one in energies_ev})
        for energy in energies:
            self._check_range(energy)
        return one_harmonic(self.undulator.physics, energies[0], energies[-1], self.beamline)

    def targets_for(self, energy_ev: float, harmonic: int = 0) -> dict[str, float]:
        """Return where each axis has to be for an energy: ``gap`` and ``perp`` in mm, ``bragg`` in deg.

        Parameters
        ----------
        energy_ev
            Photon energy.
        harmonic
            Of the undulator; 0 takes the one that `harmonic_choice` says.

        Raises
        ------
        OutOfReach
            If the energy cannot be reached; the message names the range.
        """
        self._check_range(energy_ev)
        physics = self.undulator.physics
        chosen = harmonic or self.harmonic_choice.get() or physics.best_harmonic(energy_ev)
        gap = self._gap(float(energy_ev), chosen) - self.undulator.gap_offset_mm
        return {"gap": gap, **self.dcm.angles_for(energy_ev)}

    def check_value(self, value: float, harmonic: int = 0, **_: Any) -> None:
        """Refuse an energy that cannot be reached, before anything moves."""
        for axis, target in self.targets_for(value, harmonic).items():
            try:
                self.axes[axis].check_value(target)
            except (OutOfReach, DeviceError) as error:
                raise type(error)(f"{self.beamline} energy {value:.6g} eV: {error}") from error

    def _check_range(self, energy_ev: float) -> None:
        low, high = self.limits
        if not (math.isfinite(energy_ev) and low <= energy_ev <= high):
            raise OutOfReach(
                f"{self.beamline} energy {energy_ev:.6g} eV: {self.dcm.cut} reaches {low:.6g} … {high:.6g} eV"
            )

    # -- moving ------------------------------------------------------------------------------------------------

    def set(self, value: float) -> Waiting:
        """Start moving all axes; the returned status ends when all have arrived and the energy is right."""
        target = float(value)
        self.check_value(target)
        targets = self.targets_for(target)
        for key, one in targets.items():  # all before any moves
            self.axes[key].check_interlocks(one)
        nominal = max(self.axes[key].nominal_s(one) for key, one in targets.items())
        status = Waiting(
            self.name,
            f"all its axes to arrive at {target:.6f} eV",
            # its axes have deadlines of their own, which say more
            PATIENCE.wall_seconds(nominal) + 1.0,
            lambda: str(self.dcm.bragg.readback.last_words),
        )
        pending = set(targets)

        def arrived(part: Any, key: str) -> None:
            if (error := part.exception()) is not None:
                status.fail(error)
                return
            with self._lock:
                pending.discard(key)
                if pending:
                    return
            status.guard(lambda: self._judge(target, status))

        self._target, self._status = target, status
        try:
            for key, one in targets.items():
                part = self.axes[key].set(one)
                part.add_callback(lambda part, key=key: arrived(part, key))
        except Exception as error:
            status.fail(error)
        status.add_callback(self._stop_the_rest)
        return status

    def stop(self, *, success: bool = False) -> None:
        """Stop all axes; with `success`, whoever waits for the energy is told that this was meant."""
        if success and self._status is not None:
            self._status.finish()
        for axis in self.axes.values():
            axis.stop(success=success)

    def _judge(self, target: float, status: Waiting) -> None:
        at = self.position
        if not abs(at - target) <= self.facts.tolerance_ev:
            raise MoveFailed(
                f"{self.beamline} energy: ended at {at:.4f} eV, asked for {target:.4f} eV "
                f"(tolerance {self.facts.tolerance_ev:g} eV)"
            )
        status.finish()

    def _stop_the_rest(self, status: Any) -> None:
        if not status.success:
            for axis in self.axes.values():
                if axis.connected:
                    axis.stop()

    # -- documents ---------------------------------------------------------------------------------------------

    @property
    def hints(self) -> dict[str, list[str]]:
        """The energy is what one plots against."""
        return {"fields": [self.name]}

    def read(self) -> Any:
        """Return energy, set-point, harmonic, gap and Bragg angle."""
        bragg = fit_sample(self.name, self.dcm.bragg.readback)
        gap = fit_sample(self.name, self.undulator.gap.readback)
        values = {
            "": self.dcm.energy_at(bragg.value),
            "_setpoint": self.setpoint,
            "_harmonic": self.harmonic,
            "_bragg": bragg.value,
        }
        found = {f"{self.name}{key}": {"value": value, "timestamp": bragg.time} for key, value in values.items()}
        found[f"{self.name}_gap"] = {"value": gap.value, "timestamp": gap.time}
        return found

    def describe(self) -> Any:
        """Return the data keys."""
        source = f"computed:{self.dcm.name},{self.undulator.name}"
        energy = data_key(EV, source=source, unit="eV", precision=PRECISION, limits=self.limits)
        whole = data_key(Quantity("int"), source=source, unit="", precision=None, limits=None)
        axes = {
            f"{self.name}_{key}": dict(axis.describe()[axis.readback.name])
            for key, axis in self.axes.items()
            if key != "perp"
        }
        return {
            self.name: energy,
            f"{self.name}_setpoint": dict(energy),
            f"{self.name}_harmonic": whole,
            **axes,
        }

    def read_configuration(self) -> Any:
        """Return the choice of the harmonic."""
        return self.harmonic_choice.read()

    def describe_configuration(self) -> Any:
        """Return the data key of the choice."""
        return self.harmonic_choice.describe()

    def subscribe(self, callback: Any, event_type: str | None = None, run: bool = True) -> int:
        """Call `callback` on changes of the energy."""
        if not self._followed and event_type in (None, self.SUB_READBACK):
            self._followed = True
            self.dcm.bragg.readback.subscribe(self._bragg_changed)
        return super().subscribe(callback, event_type=event_type, run=run)

    def _bragg_changed(self, value: float = math.nan, timestamp: float | None = None, **_: Any) -> None:
        self._run_subs(sub_type=self.SUB_READBACK, value=self.dcm.energy_at(value), timestamp=timestamp)

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether all its axes are connected."""
        return all(axis.connected for axis in self.axes.values())

    @property
    def missing(self) -> list[str]:
        """The addresses that do not answer."""
        return [address for axis in self.axes.values() for address in axis.missing]

    @property
    def parts(self) -> dict[str, Instrument]:
        """The axes it moves."""
        return dict(self.axes)

    def signals(self) -> Iterator[DeviceSignal]:
        """Yield the signals of the axes that it moves."""
        for axis in self.axes.values():
            yield from axis.signals()

    def stated(self) -> Stated:
        """Return the worst state of its axes; where all is well, the energy."""
        stated = worst((key, axis.stated()) for key, axis in self.axes.items())
        if stated.state is State.ON:
            return Stated(State.ON, f"{self.position:.{PRECISION}f} eV, harmonic {self.harmonic}")
        return stated
