"""The diffraction camera of BL09U: from the light to rings in a file, and what it refuses."""

import bluesky.plan_stubs as bps
import h5py
import numpy as np
import pytest
from bluesky.utils import Msg

from beam.errors import OutOfReach
from beam.powder import rings
from devices.errors import NoLight
from plans import camera_series
from tests.beam.test_powder_rings import over_azimuth

ENERGY_EV = 12_000.0


def test_a_series_holds_rings_where_bragg_s_law_puts_them(acquire):
    bl = acquire.tree
    files = {}

    def take(name, doc):
        if name == "stream_resource":
            files[doc["uid"]] = doc["uri"].removeprefix("file://localhost")

    lit = {"energy": bl.energy, "shutter": bl.shutter, "front_end": bl.front_end}
    token = acquire.engine.subscribe(take)
    try:
        acquire(camera_series(bl.camera, 1, exposure_s=2.0, darks=1, energy_ev=ENERGY_EV, **lit))
    finally:
        acquire.engine.unsubscribe(token)
    dark, light = (h5py.File(path)["entry/data/data"][-1] for path in files.values())
    assert dark.mean() == pytest.approx(2 * bl.camera.facts.background_rate_hz, rel=0.01)
    angle, counts = over_azimuth(light, bl.camera.facts)
    for ring in rings("LaB6", bl.energy.position, 30.0):
        near = np.abs(angle - ring.two_theta_deg) < 3 * bl.camera.facts.ring_fwhm_deg
        above = counts[near] - dark.mean()
        assert np.average(angle[near], weights=above) == pytest.approx(ring.two_theta_deg, abs=0.02)


def test_a_frame_that_was_spoiled_is_taken_again(acquire):
    """As after an injection in the middle of a series: the frame is dropped, whatever its file holds before it."""
    camera, kept = acquire.tree.camera, []

    def plan():
        yield Msg("stage", camera)
        yield Msg("open_run")
        for keep in (True, False, True):
            yield Msg("trigger", camera, group="frame")
            yield Msg("wait", None, group="frame")
            yield Msg("create", None, name="primary")
            yield Msg("read", camera)
            yield Msg("save" if keep else "drop")
        yield Msg("close_run")
        yield Msg("unstage", camera)

    token = acquire.engine.subscribe(lambda name, doc: kept.append(doc["data"]["camera_file"]), "event")
    try:
        acquire(plan())
    finally:
        acquire.engine.unsubscribe(token)
    assert len(kept) == len(set(kept)) == 2
    for path in kept:
        assert len(h5py.File(path)["entry/data/data"]) == 1


def test_a_series_in_the_dark_is_refused(acquire):
    bl = acquire.tree
    acquire(bps.mv(bl.undulator.gap, 30.0))
    with pytest.raises(NoLight, match="no light, the undulator's gap is 30 mm"):
        acquire(camera_series(bl.camera, 1, shutter=bl.shutter, energy=bl.energy))


@pytest.mark.parametrize("seconds", [0.001, 1000.0, float("nan")])
def test_an_exposure_beyond_the_camera_s_range_is_refused(acquire, seconds):
    camera = acquire.tree.camera
    before = camera.exposure.fetch().value
    with pytest.raises(OutOfReach, match=r"camera exposure .* s: allowed 0\.01 … 600 s"):
        acquire(camera_series(camera, 1, exposure_s=seconds))
    with pytest.raises(OutOfReach, match=r"allowed 0\.01 … 600 s"):
        acquire(bps.mv(camera.preset_time, seconds))
    assert camera.exposure.fetch().value == before
