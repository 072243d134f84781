"""A soft X-ray line with what a plan would do by hand."""

import numpy as np

from beam import facts
from beam.clock import ExperimentClock
from beam.soft_line import SoftLine


class SoftBench:
    def __init__(self, facility, beamline, film, seed=1, **offsets):
        sim = facts.Simulation(offsets={key.replace("_", ".", 1): value for key, value in offsets.items()})
        beamline = beamline.model_copy(update={"sim": sim})
        self.line = SoftLine(facility, beamline, film, seed=seed, clock=ExperimentClock())
        self.dark = self.count(100.0)
        for shutter in self.line.open:
            self.line.open[shutter] = True

    def move(self, **positions):
        for key, position in positions.items():
            self.line.axes[key.replace("_", ".", 1)].move_to(position)

    def source(self, state):
        self.move(undulator_gap=state.gap_mm, undulator_antiphase=state.rows[0].antiphase_mm)
        for number, rows in enumerate(state.rows, 1):
            self.move(**{f"undulator_phase{number}": rows.phase_mm})
        for number, degrees in enumerate(state.shifters_deg, 1):
            self.move(**{f"undulator_shifter{number}": degrees})

    def mono(self, energy_ev, grating="g1200", slit_um=20.0):
        motors = self.line.monochromator.motors(energy_ev, grating)
        place = self.line.monochromator.grating(grating).position_mm
        self.move(pgm_mirror=motors.mirror_deg, pgm_grating=motors.grating_deg, pgm_exchange=place, pgm_slit=slit_um)

    def go(self, energy_ev, polarisation, grating="g1200", slit_um=20.0):
        self.source(self.line.undulator.state(energy_ev, polarisation))
        self.mono(energy_ev, grating, slit_um)

    def count(self, dwell_s=1.0):
        """Return counts per second of I0, drain current, photodiode and fluorescence."""
        counts = self.line.expose("counter", dwell_s).counts
        return np.array([counts[channel] for channel in (2, 3, 4, 5)]) / dwell_s

    def signals(self, dwell_s=1.0):
        return self.count(dwell_s) - self.dark

    def spectrum(self, energies_ev, polarisation, dwell_s=1.0):
        """Return drain current over I0: a column of what a run exports."""
        found = []
        for energy in energies_ev:
            self.go(float(energy), polarisation)
            i0, drain, _, _ = self.signals(dwell_s)
            found.append(drain / i0)
        return np.array(found)
