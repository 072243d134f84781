"""`terasu moments`: orbital and spin moment of an XMCD run by the sum rules, from its exported file alone."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from daq.say import say


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "moments",
        help="orbital and spin moment of an XMCD run, from its NeXus file",
        description=__doc__,
        epilog="Example: terasu run bl13u xmcd field_t=2 --sim --export film.nxs && terasu moments film.nxs",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a run of the plan xmcd, exported as .nxs")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Analyse the file."""
    from daq.export.reading import read_nexus
    from daq.export.xmcd import Dichroism

    dichroism = Dichroism.of(read_nexus(arguments.file))
    known, found = dichroism.known, dichroism.analysed()
    if arguments.json:
        say(
            json.dumps(
                {
                    "uid": dichroism.run.uid,
                    "energies": len(dichroism.energy_ev),
                    "orbital_ub": found.moments.orbital,
                    "spin_ub": found.moments.spin,
                    "orbital_noise_ub": found.errors.orbital,
                    "spin_noise_ub": found.errors.spin,
                    "integrals_ev": found.integrals._asdict(),
                    "holes": known.holes,
                    "tz": known.tz,
                    "polarisation": known.polarisation,
                }
            )
        )
        return 0
    p, q, r = found.integrals
    say(f"run {dichroism.run.uid[:8]}, {len(dichroism.energy_ev)} energies, {dichroism.run.exit_status}")
    say(f"  orbital  {found.moments.orbital:.5f} µB per atom (noise {found.errors.orbital:.1g})")
    say(f"  spin     {found.moments.spin:.4f} µB per atom (noise {found.errors.spin:.1g})")
    say(f"  integrals per edge jump  p {p:.4f}, q {q:.4f}, r {r:.4f} eV")
    say(
        f"  declared  {known.holes:g} holes, Tz {known.tz:g}, degree of polarisation × saturation "
        f"{known.polarisation:.4f}, signal over I0 goes as E^{known.slope_power:g}"
        + (", electron yield" if known.saturation else "")
    )
    return 0
