"""`make bench`: measure all rows, interleaved, and print the table; with --profile, where the time of a point goes."""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
from pathlib import Path

from benchmarks import history
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
            from benchmarks.cold_start import HOUR, ColdStart
            from benchmarks.reference import Reference
            from benchmarks.tango_step import TangoStep

            tango_step = TangoStep(directory)
            reference = Row("R: bp.scan([det], motor, 0, 1, 200), in process, no callbacks", Reference())
            listed = Row("list(plan) of a spectrum with 328 points", chain.listed, absolute=True)
            lean = Row("200-point step scan over CA, journal, catalogue, lean step", chain.lean_scan, goal=1.2)
            rows = [
                reference,
                listed,
                Row(
                    "check_plan of it: limits, interlocks, duration; to list(plan)", chain.checked, 2.0, against=listed
                ),
                lean,
                Row("  ... from the end of that scan until it can be read", chain.readable, absolute=True),
                Row("the same, watched: conditions and integrity", chain.guarded_scan, goal=1.1, against=lean),
                Row("the same with Bluesky's own step", chain.scan),
                Row("10 scans of 20 points, likewise, lean step", chain.short_scans, goal=1.5),
                Row("200-point step scan over Tango, journal, catalogue, lean step", tango_step, goal=2.0),
                Row("200-point energy scan over CA, motions x 1000", chain.energy_scan),
            ]
            try:
                interleave(rows, arguments.rounds)
            finally:
                tango_step.close()
            flat = [
                Row("10 000 points: last thousand to the first", chain.long_scan, goal=1.05, absolute=True, unit="x"),
                Row("  ... growth of the engine over the last 9 000", chain.grown, goal=5.0, absolute=True, unit="MB"),
            ]
            interleave(flat, 1, warm_up=False)
            rows += [*flat, *raw_rows(arguments.rounds)]
            from benchmarks.camera_writing import camera_rows

            rows += camera_rows(directory, arguments.rounds)
            from benchmarks.flying import flying_rows

            rows += flying_rows(directory, arguments.rounds)
            rows += tango_rows(directory, arguments.rounds)
            from benchmarks.catalogue_size import catalogue_rows

            cold = Row("nothing running -> scan done and read back", ColdStart(directory), goal=10.0, absolute=True)
            interleave([cold], min(arguments.rounds, 3))
            hour = Row("one hour of scan, 200 points, x 100, likewise", ColdStart(directory, HOUR), 60.0, absolute=True)
            interleave([hour], 1, warm_up=False)
            rows += [
                cold,
                hour,
                *catalogue_rows(directory, arguments.rounds),
                *queue_rows(directory, arguments.rounds),
                *scale_rows(directory, min(arguments.rounds, 3)),
            ]
            print(show(rows, reference))
            history.note(rows, reference)
            history.draw()
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


def queue_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure the queue: how soon it runs a plan, and what memory all its processes take."""
    from benchmarks.queue_speed import QueueSpeed

    speed = QueueSpeed(directory)
    up = Row("queue up -> first plan begins", speed.up, goal=15.0, absolute=True)
    point = Row("queue: submission accepted -> first point", speed.first_point, goal=0.5, absolute=True)
    memory = Row("queue: memory of all processes", speed.memory, goal=700.0, absolute=True, unit="MB")
    try:
        interleave([up], min(rounds, 3), warm_up=False)
        interleave([point], rounds)
        interleave([memory], 1, warm_up=False)
    finally:
        speed.close()
    return [up, point, memory]


def tango_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure a Tango axis in a scan, and the export: beside a scan, at its start, and as a source of events."""
    from benchmarks.tango_export import TangoExport
    from benchmarks.tango_scan import TangoScan

    axis = TangoScan(directory)
    poll = Row("200 steps of 10 ms over Tango, a DeviceProxy that is polled", axis.raw, absolute=True)
    scan = Row("  ... a scan of them over change events, lean step", axis.scan, goal=1.7, against=poll)
    try:
        interleave([poll, scan], rounds)
    finally:
        axis.close()
    export = TangoExport(directory)
    alone = Row("200-point step scan over CA, in a process of its own", lambda: export("alone"), absolute=True)
    rows = [
        alone,
        Row("  ... exported over Tango, one client subscribed", lambda: export("exported"), 1.05, against=alone),
        Row("export: 100 devices up, without a database", lambda: export("start-nodb"), 5.0, absolute=True),
        Row("export: 100 devices up, with its own database", lambda: export("start"), 5.0, absolute=True),
        Row("export: 10 000 change events heard by a client", lambda: export("events"), 1.0, absolute=True),
    ]
    try:
        interleave(rows, min(rounds, 3), warm_up=False)
    finally:
        export.close()
    return [poll, scan, *rows]


def scale_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure how servers and clients grow: start, memory, connecting, and latency beside large images."""
    from benchmarks.connecting import Connecting
    from benchmarks.image_latency import ImageLatency
    from benchmarks.many_motors import ManyMotors
    from benchmarks.ready import ready

    many = ManyMotors(directory)
    start = [
        Row("bl09u: from nothing until clients can connect", ready, goal=3.0, absolute=True),
        Row("5 000 motor records: until clients can connect", many, goal=6.0, absolute=True),
        Row("  ... and the memory of their server", many.memory, goal=250.0, absolute=True, unit="MB"),
    ]
    interleave(start, rounds)
    trees = Connecting(directory)
    connect = [
        Row("connecting 1 000 PVs: our motors", trees.ours, goal=2.0, absolute=True),
        Row("connecting 1 000 PVs: ophyd's", trees.stock, absolute=True),
    ]
    try:
        interleave(connect, rounds)
    finally:
        trees.close()
    images = ImageLatency()
    idle = Row("p99 of reading a number: nothing else going on", images.idle, absolute=True, unit="ms")
    name = "  ... beside 2048 x 2048 x 16 bit at 10 Hz to another client"
    beside = Row(name, images.beside, goal=2.0, against=idle, unit="ms")
    behind = Row("  ... and with those images on the same connection", images.behind, against=idle, unit="ms")
    try:
        interleave([idle, beside, behind], rounds)
    finally:
        images.close()
    return [*start, *connect, idle, beside, behind]


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
