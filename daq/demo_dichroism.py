"""`make demo` at a beamline with an elliptical undulator: a dichroism with its moments, and a map of the domains."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from daq.errors import DataError
from daq.say import say

FIELD_T = 2.0
SIDE_UM, POINTS = 3.0, 20
TOLERANCE = 0.05


def demonstrate_dichroism(beamline: str, sample_spec: str | None, data: Path, directory: Path) -> int:
    """Take both at the simulated beamline; let a second process analyse the exported file, and hold it against truth.

    Raises
    ------
    DataError
        If a run does not succeed, or a moment is off by more than 5 %.
    """
    from beam import facts
    from beam.lines import sample_for
    from beam.xmcd import MagneticFilm
    from daq.demo import SCALE, SEED, terasu

    _, configuration = facts.load(beamline, directory)
    sample = sample_for(configuration, sample_spec or configuration.default_sample, directory)
    if not isinstance(sample, MagneticFilm):
        raise DataError(f"{sample.name}: no magnetic film; give a sample with a dichroism")
    say(f"Sample: {sample.name}, {sample.description}")
    say(f"XMCD at the simulated {configuration.title}, {SCALE:g} times faster than life")
    exports = data / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    options = ["--sim", "--seed", str(SEED), "--time-scale", f"{SCALE:g}", "--config", str(directory)]
    options += [*(["--sample", sample_spec] if sample_spec else []), "--data", str(data), "--json"]
    began = time.monotonic()

    def take(plan: list[str], name: str) -> list[Path]:
        files = [exports / f"{sample.name}_{name}{suffix}" for suffix in (".nxs", ".png")]
        wanted = [word for file in files for word in ("--export", str(file))]
        answer = terasu(["run", beamline, *plan, *options, *wanted])
        if answer["exit_status"] != "success":
            raise DataError(answer.get("error", "the run did not succeed"))
        return files

    edge = str(sample.record()["edge"])
    spectra = take(["xmcd", f"edge={edge}", f"field_t={FIELD_T:g}", "dwell_s=0.5"], "xmcd")
    say("\nDomains of the same film without field, at the L3 line with both helicities:")
    light = [f"energies=[{sample.model.l3_ev:g}]", "polarisations=[circular+,circular-]"]
    corners = ["0", f"{SIDE_UM:g}", str(POINTS)]
    maps = take(["energy_map", *corners, *corners, *light], "domains")
    seconds = time.monotonic() - began
    say("\nThe servers have stopped. A second process analyses the exported file, and nothing else:")
    found = _moments(spectra[0])
    for words, key, truth in (
        ("orbital", "orbital_ub", sample.model.orbital_moment_ub),
        ("spin", "spin_ub", sample.model.spin_moment_ub),
    ):
        off = found[key] / truth - 1
        say(f"  {words:<8} {found[key]:.4f} µB by the sum rules, {truth:.4f} µB in the model: {100 * off:+.1f} %")
        if abs(off) > TOLERANCE:
            raise DataError(f"{words} moment: off by {100 * off:+.1f} %, more than {100 * TOLERANCE:g} %")
    say(f"  duration {seconds:.1f} s from nothing running to the end of both runs")
    for path in [*spectra, *maps]:
        say(f"  wrote    {path}")
    say(f"\nAgain: {Path(sys.executable).parent}/terasu moments {spectra[0]}")
    return 0


def _moments(file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "daq.cli", "moments", str(file), "--json"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise DataError(f"{file} could not be analysed")
    return json.loads(answer.stdout)
