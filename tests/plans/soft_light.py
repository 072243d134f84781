"""The devices of BL13U over a control system in process, whose counter counts what the model of its beam gives."""

from beam import facts
from beam.clock import ExperimentClock
from beam.soft_line import SoftLine

PLANS = {
    "xmcd": ("energy", "polarisation", "magnet", "detectors", "i0", "tey", "shutter", "front_end", "ring"),
    "energy_map": ("stage", "energy", "polarisation", "detectors", "i0", "tey", "shutter", "front_end", "ring"),
    "polarisation_scan": ("energy", "polarisation", "detectors", "shutter", "front_end", "ring"),
}


def roles(tree, plan):
    """Return the devices of a plan by its parameters."""
    return {name: tree.roles["sample_stage" if name == "stage" else name] for name in PLANS[plan]}


class Lit:
    """A line that stands where the devices stand, and counts for their counter."""

    def __init__(self, tree, film, seed=1):
        self.tree = tree
        self.line = SoftLine(*facts.load("bl13u"), film, seed=seed, clock=ExperimentClock())
        self.counted = (0, {})
        for channel in (2, 3, 4, 5):
            tree.fake.scaler.counts[channel] = lambda n, channel=channel: float(self.count(n)[channel])

    def count(self, exposure):
        if self.counted[0] != exposure:
            tree, line = self.tree, self.line
            places = {f"undulator.{key}": axis for key, axis in tree.undulator.axes.items()}
            places |= {f"pgm.{key}": getattr(tree.pgm, key) for key in ("mirror", "grating", "exchange", "slit")}
            places |= {"stage.x": tree.stage.x, "stage.y": tree.stage.y, "magnet": tree.magnet}
            for key, axis in places.items():
                line.axes[key].move_to(axis.position)
            for key in line.open:
                line.open[key] = tree.devices[key].is_open
            self.counted = exposure, line.expose("counter", tree.counter.preset_time.get()).counts
        return self.counted[1]
