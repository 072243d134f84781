"""A second process reads a run back from the catalogue, finds its edge and exports it; part of `make demo`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from beam.errors import TerasuError
from daq.errors import DataError, exit_status


def main(argv: list[str] | None = None) -> int:
    """Read, export, and print what was found as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("uid")
    parser.add_argument("files", type=Path, nargs="*")
    arguments = parser.parse_args(argv)
    try:
        found = read_back(arguments.data, arguments.uid, arguments.files)
    except TerasuError as error:
        sys.stderr.write(f"read back: {error}\n")
        return exit_status(error)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def read_back(data: Path, uid: str, files: list[Path]) -> dict[str, float | int | None]:
    """Return the number of points, the duration in s and the edge in eV of a run, having exported it."""
    from daq import configuration_record
    from daq.catalogue import find_run, wait_until_readable
    from daq.export import export
    from daq.export.run_data import RunData
    from daq.export.spectrum import Spectrum

    wait_until_readable(data, uid)
    run = RunData.from_catalogue(find_run(data, uid))
    run.configuration = configuration_record.find(data, run.start.get("config_hash"))
    spectrum = Spectrum.of(run)
    if run.stop is None:
        raise DataError(f"run {uid[:8]} is {run.exit_status}")
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        export(run, file, overwrite=True)
    return {
        "num_points": len(spectrum.energy_ev),
        "duration_s": run.stop["time"] - run.start["time"],
        "edge_ev": spectrum.edge_found_ev,
    }


if __name__ == "__main__":
    sys.exit(main())
