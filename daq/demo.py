"""`make demo`: a newcomer's first scan, from the storage ring to a file, and read back by a second process."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from beam.errors import TerasuError
from daq.errors import DataError, exit_status
from daq.say import say

SCALE = 100.0
SEED = 20240401
FRAME_EV = 12_000.0


def main(argv: list[str] | None = None) -> int:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", default=None)
    parser.add_argument("--beamline", default="bl09u")
    parser.add_argument(
        "--protocol", choices=("epics", "mixed"), default="epics", help="mixed: ring, undulator on Tango"
    )
    arguments = parser.parse_args(argv)
    try:
        return demonstrate(arguments.beamline, arguments.sample, arguments.data, arguments.protocol)
    except TerasuError as error:
        sys.stderr.write(f"demo: {error}\n")
        return exit_status(error)


def demonstrate(beamline: str, sample_spec: str | None, data: Path, protocol: str = "epics") -> int:
    """Scan the sample's edge at the simulated beamline, then read the run back elsewhere and export it."""
    from beam import facts
    from beam.lines import sample_for

    directory = facts.config_dir() if protocol == "epics" else facts.config_dir() / protocol
    facility, configuration = facts.load(beamline, directory)
    if any(isinstance(one, facts.AppleUndulator) for one in configuration.devices.values()):
        from daq.demo_dichroism import demonstrate_dichroism

        return demonstrate_dichroism(beamline, sample_spec, data, directory)
    sample = sample_for(configuration, sample_spec or configuration.default_sample, directory)
    about = sample.record()
    if "edge" not in about:
        raise DataError(f"{sample.name}: no absorption edge to scan; give a sample with one")
    say(f"Sample: {sample.name}, {sample.description}")
    say(f"Scanning the {about['edge']} edge at the simulated {configuration.title}, {SCALE:g} times faster than life")
    if facts.speaks_tango(facility, configuration):
        say("Over Tango: " + ", ".join(facts.tango_names(facility, configuration)) + "; the rest over EPICS")
    began = time.monotonic()
    command = ["run", beamline, "xas", f"edge={about['edge']}", "--sim", "--sample", sample_spec or ""]
    if sample_spec is None:
        command = command[:-2]
    answer = terasu(
        [
            *command,
            "--seed",
            str(SEED),
            "--time-scale",
            f"{SCALE:g}",
            "--config",
            str(directory),
            "--data",
            str(data),
            "--json",
        ]
    )
    seconds = time.monotonic() - began
    if answer["exit_status"] != "success":
        raise DataError(answer.get("error", "the run did not succeed"))
    uid = answer["uid"]
    say("\nThe servers have stopped. Reading the run back from the catalogue in a second process:")
    files = [data / "exports" / f"{sample.name}_{uid[:8]}{suffix}" for suffix in (".xdi", ".png", ".nxs")]
    found = _read_back(data, uid, files)
    say(f"  points      {found['num_points']}")
    say(f"  duration    {seconds:.1f} s from nothing running to the end, {found['duration_s']:.1f} s of it scanning")
    say(f"  edge found  {found['edge_ev']:.2f} eV (first inflection of the spectrum measured)")
    if "reference_ev" in about:
        reference = float(about["reference_ev"])
        say(f"  reference   {reference:.2f} eV ({about['reference_name']})")
        say(f"  difference  {found['edge_ev'] - reference:+.2f} eV")
    files += _frame(beamline, configuration, data, directory)
    for path in files:
        say(f"  wrote       {path}")
    say(f"\nLook again: TERASU_DATA={data} {Path(sys.executable).parent}/terasu data list")
    return 0


def _frame(beamline: str, configuration: Any, data: Path, directory: Path) -> list[Path]:
    """Take a frame with the beamline's diffraction camera, if it has one; return the picture of it."""
    from beam import facts

    cameras = [key for key, one in configuration.devices.items() if isinstance(one, facts.DiffractionCamera)]
    if not cameras:
        return []
    say(f"\nA powder's rings on the diffraction camera, at {FRAME_EV:g} eV, with a dark frame subtracted:")
    plan = ["camera_series", cameras[0], "num=1", "exposure_s=1", "darks=1", f"energy_ev={FRAME_EV:g}"]
    where = ["--config", str(directory), "--data", str(data), "--json"]
    answer = terasu(["run", beamline, *plan, "--sim", "--seed", str(SEED), "--time-scale", f"{SCALE:g}", *where])
    if answer["exit_status"] != "success":
        raise DataError(answer.get("error", "the run did not succeed"))
    picture = data / "exports" / f"{cameras[0]}_{answer['uid'][:8]}.png"
    export = [sys.executable, "-m", "daq.cli", "data", "export", answer["uid"], str(picture), "--data", str(data)]
    if subprocess.run(export, stdout=subprocess.DEVNULL, check=False).returncode:
        raise DataError(f"the run {answer['uid']} could not be exported")
    return [picture]


def terasu(words: list[str]) -> dict[str, Any]:
    """Run the `terasu` command as a user would, passing its output on; return the JSON object it prints last."""
    process = subprocess.Popen([sys.executable, "-m", "daq.cli", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = ""
    for line in process.stdout:
        if line.startswith("{"):
            last = line
        else:
            sys.stdout.write(line)
    if process.wait() not in (0, 4, 130) or not last:
        raise DataError(f"`terasu {words[0]}` ended with exit status {process.returncode}")
    return json.loads(last)


def _read_back(data: Path, uid: str, files: list[Path]) -> dict[str, Any]:
    reader = [sys.executable, "-m", "daq.read_back", "--data", str(data), uid, *map(str, files)]
    answer = subprocess.run(reader, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise DataError(f"the run {uid} could not be read back")
    return json.loads(answer.stdout)


if __name__ == "__main__":
    sys.exit(main())
