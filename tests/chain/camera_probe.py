"""Detectors that write files, in runs that go well and in runs that must fail; prints as JSON what became of each.

In a process of its own: a Channel Access library reads once where servers are.
"""

import contextlib
import json
import sys
import threading
from pathlib import Path


def runs(session, say):
    """Do all runs; `say` takes the name of each and what became of it."""
    import bluesky.plan_stubs as bps
    import bluesky.plans as bp
    import bluesky.preprocessors as bpp

    from daq import plan_call
    from daq.engine import execute
    from devices.deadlines import PATIENCE

    tree, faults = session.tree, session.simulation.faults
    targets = {"camera": ("gp:filedet1:", "gp:filedet1:"), "spot_camera": ("ad:cam1", "ad:HDF1")}

    def attempt(name, plan):
        uids, error, points = [], "", 0
        try:
            outcome = execute(session.engine, plan)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
            outcome = getattr(raised, "outcome", None)
        if outcome is not None:
            uids, points = outcome.uids, outcome.num_points
        say(name, {"error": error, "points": points, "uid": uids[-1] if uids else ""})

    def series(detector, num=1, frames=1):
        yield from bps.mv(detector._frames_signal, frames, detector.preset_time, 0.01)
        yield from bp.count([detector], num)

    @contextlib.contextmanager
    def fault(name, target, **arguments):
        faults.set(name, target, **arguments)
        yield
        faults.clear()

    for key, (camera, writer) in targets.items():
        detector = getattr(tree, key)
        attempt(f"{key} well", series(detector, 3))
        attempt(f"{key} many", series(detector, 2, 4))
        with fault("disk_full", writer, frames=6):
            attempt(f"{key} disk", series(detector, 3, 4))
        if key == "camera":
            with fault("frames_dropped", writer, every=3):
                attempt(f"{key} dropped", series(detector, 1, 6))
        else:
            with fault("slow_writer", writer, takes_s=1.0):
                attempt(f"{key} dropped", series(detector, 1, 40))
        PATIENCE.margin_s = 0.5
        with fault("detector_stuck" if key == "camera" else "camera_stuck", camera):
            attempt(f"{key} stuck", series(detector, 1))
        PATIENCE.margin_s = 5.0
        attempt(f"{key} after", series(detector, 1))

        def stopped(detector=detector):
            @bpp.stage_decorator([detector])
            @bpp.run_decorator()
            def plan():
                yield from bps.mv(detector._frames_signal, 1000, detector.preset_time, 1.0)
                under_way = threading.Event()
                token = detector.made.subscribe(lambda **_: under_way.set(), run=False)
                status = yield from bps.trigger(detector)
                under_way.wait(10)
                detector.acquire.start("Done")  # by somebody: the device does not know
                detector.made.unsubscribe(token)
                yield from bps.wait()
                return status

            return plan()

        attempt(f"{key} stopped", stopped())

        def elsewhere(detector=detector):
            there = detector.file_path.get()
            yield from bps.mv(detector.file_path, f"{there}missing/")
            try:
                yield from series(detector, 1)
            finally:
                detector.file_path.start(there)

        attempt(f"{key} missing", elsewhere())

    spot = tree.spot_camera
    attempt("changed", changed(spot, bp, bps))
    attempt("repeated", repeated(spot, bps, bpp))
    attempt("repeated late", repeated(spot, bps, bpp, after=1))
    spot.file_per_trigger = True
    attempt("repeated in files", repeated(spot, bps, bpp, after=1))
    spot.file_per_trigger = False
    attempt("two streams", two_streams(spot, bps, bpp))
    plan, args, kwargs = plan_call.call(
        "camera_series",
        ["spot_camera", "num=3", "darks=2", "flats=1", "shutter=fast_shutter", "sample=general1", "sample_out=1.5"],
        tree,
    )
    attempt("darks and flats", plan(*args, **kwargs))
    say("where", {"sample": tree.general1.position, "shutter": tree.fast_shutter.is_open})


def changed(detector, bp, bps):
    """Change the size of frames in the middle of a run."""
    yield from bps.mv(detector.frames, 1)

    def per_shot(detectors):
        yield from bps.trigger_and_read(detectors)
        binned(2)

    try:
        yield from bp.count([detector], 2, per_shot=per_shot)
    finally:
        binned(1)


def binned(pixels):
    """Bin columns, as somebody else would."""
    import epics

    epics.caput("ad:cam1:BinX", pixels, wait=True)


def repeated(detector, bps, bpp, after=0):
    """Drop a point after `after` good ones, and take it again."""

    @bpp.stage_decorator([detector])
    @bpp.run_decorator()
    def plan():
        for _ in range(after):
            yield from bps.trigger_and_read([detector])
        yield from bps.trigger(detector, wait=True)
        yield from bps.create("primary")
        yield from bps.read(detector)
        yield from bps.drop()
        for _ in range(2):
            yield from bps.trigger_and_read([detector])

    yield from bps.mv(detector.frames, 1)
    yield from plan()


def two_streams(detector, bps, bpp):
    """Read a detector into two streams without staging it anew."""

    @bpp.stage_decorator([detector])
    @bpp.run_decorator()
    def plan():
        for stream in ("dark", "primary"):
            yield from bps.trigger_and_read([detector], name=stream)

    yield from plan()


def main() -> None:
    """Bring up a bench and do the runs."""
    from daq.options import SimOptions
    from daq.session import open_session

    found = {}
    options = SimOptions("bench", time_scale=100.0, seed=1)
    with open_session("bench", simulate=options, data=Path(sys.argv[1])) as session:
        runs(session, found.__setitem__)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
