"""`make bench`: measure all rows, interleaved, and print the table; with --profile, where the time of a point goes."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
from pathlib import Path

from benchmarks.table import Row, interleave, show


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="terasu-bench-") as name:
        directory = Path(name)
        from benchmarks.step_scan import Chain

        chain = Chain(directory)  # first: the control layer reads the servers' addresses when it is imported
        try:
            if arguments.profile:
                profile(chain)
                return
            from benchmarks.cold_start import ColdStart
            from benchmarks.reference import Reference

            reference = Row("R: bp.scan([det], motor, 0, 1, 200), in process, no callbacks", Reference())
            rows = [
                reference,
                Row("200-point step scan over CA, journal, catalogue, lean step", chain.lean_scan, goal=2.0),
                Row("  … from the end of that scan until it can be read", chain.readable, absolute=True),
                Row("the same with Bluesky's own step", chain.scan),
                Row("200-point energy scan over CA, motions x 1000", chain.energy_scan),
            ]
            interleave(rows, arguments.rounds)
            rows += raw_rows(arguments.rounds)
            from benchmarks.camera_writing import camera_rows

            rows += camera_rows(directory, arguments.rounds)
            cold = Row("nothing running -> scan done and read back", ColdStart(directory), goal=10.0, absolute=True)
            interleave([cold], min(arguments.rounds, 3))
            print(show([*rows, cold], reference))
        finally:
            chain.close()


def raw_rows(rounds: int) -> list[Row]:
    """Measure the servers alone: 300 times a put, an acquisition and two gets, ours and the C server in turn."""
    from benchmarks.raw_latency import Raw

    servers = Raw("c"), Raw("ours")
    floor = Row("300 x raw put, acquire, two gets: C server of EPICS base", servers[0], absolute=True)
    ours = Row("300 x raw put, acquire, two gets: our server, to the C server", servers[1], goal=1.3, against=floor)
    try:
        interleave([floor, ours], rounds)
    finally:
        for server in servers:
            server.close()
    return [floor, ours]


def profile(chain: object) -> None:
    """Print where the engine's thread spends the time of a lean scan."""
    profiler = cProfile.Profile()
    loop = chain.engine.loop  # type: ignore[attr-defined]
    loop.call_soon_threadsafe(profiler.enable)
    chain.lean_scan()  # type: ignore[attr-defined]
    loop.call_soon_threadsafe(profiler.disable)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
