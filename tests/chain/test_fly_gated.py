"""Flights whose gates trigger camera and spectrometer, over real servers: rows, frames and spectra of the same gates."""

import urllib.parse
from pathlib import Path

import h5py
import numpy as np
import pytest
from bluesky.plan_stubs import mv
from bluesky.utils import RunEngineInterrupted

from beam.errors import OutOfReach
from daq.errors import innermost
from daq.export.run_data import RunData
from devices.errors import BadReading
from plans import fly_map, fly_scan
from tests.chain.guarded import Station

LINE = {"start": -3.0, "stop": 3.0, "num": 41, "gate_s": 0.5}
"""A flight of 20 s: 0.2 of wall time, and what 41 frames take."""
CAMERA = "BL09U:CAM:cam1"


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    one = Station(_acquire.tree, facts.load("bl09u")[1])
    one.roles = {role: _acquire.tree.roles[role] for role in ("flyer", "energy", "shutter", "front_end")}
    one.engine(mv(one.tree.energy, 7200.0))
    yield one
    one.clock.destroy()


@pytest.fixture
def _unguarded(station, monkeypatch):
    """Let no injection, which comes when it likes, repeat anything."""
    monkeypatch.setattr(station.guard, "conditions", ())


@pytest.fixture(autouse=True)
def _as_before(simulation):
    yield
    if simulation.faults.active():
        simulation.faults.clear()


@pytest.fixture
def all_three(station):
    tree = station.tree
    return {**station.roles, "detectors": [tree.counter, tree.sdd, tree.camera]}


def fly(station, plan, at=None, act=None):
    """Run a plan; return the run as an export has it, and what the plan raised."""
    documents, error, pending = [], None, [act] if act else []

    def watch(message):
        if pending and at(message):
            pending.pop()()

    station.engine.msg_hook = watch
    try:
        station.engine(plan, lambda name, doc: documents.append((name, doc)))
    except RunEngineInterrupted:
        raise
    except Exception as raised:
        error = innermost(raised)
    finally:
        station.engine.msg_hook = None
    return RunData.from_documents(documents), error


def in_flight(message):
    """Hold at the first look at a flight that has some rows."""
    return message.command == "collect" and message.obj.stored.sample.value > 8


def stack(run, key):
    """Return the values of a data key from its files, as many as the documents say."""
    resources = {doc["uid"]: doc for kind, doc in run.assets if kind == "stream_resource" and doc["data_key"] == key}
    rows = {}
    for kind, doc in run.assets:
        if kind == "stream_datum" and doc["stream_resource"] in resources:
            rows[doc["stream_resource"]] = doc["indices"]["stop"]
    parts = []
    for uid, number in rows.items():
        path = Path(urllib.parse.unquote(urllib.parse.urlparse(resources[uid]["uri"]).path))
        with h5py.File(path, "r") as file:
            data = file[resources[uid]["parameters"]["dataset"]]
            assert len(data) == number  # what is read of a file is all of it
            parts.append(data[:number])
    return np.concatenate(parts)


def whole(run, num=LINE["num"]):
    """Check that a run has rows, frames and spectra of the same gates; return its columns."""
    columns = run.primary().columns
    assert len(run.primary()) == num
    for name in ("sdd", "camera"):
        np.testing.assert_array_equal(columns[f"{name}_gate"], columns["flyer_gate"])
    return columns


@pytest.mark.usefixtures("_unguarded")
def test_rows_frames_and_spectra_of_a_line_are_of_the_same_gates(station, all_three):
    x = station.tree.sample_stage.x
    run, error = fly(station, fly_scan(x, -2.6, -1.4, 7, 0.5, **all_three))
    assert error is None
    columns = whole(run, 7)
    frames, spectra = stack(run, "camera_image"), stack(run, "sdd_spectrum")
    assert frames.shape == (7, 1024, 1024)
    assert spectra.shape == (7, 2048)
    # the line begins beside the sample: there the camera sees more, and the spectrometer no iron
    ka = columns["sdd_fe_ka"]
    np.testing.assert_array_equal(ka, spectra[:, 620:661].sum(axis=1))
    assert ka[-1] > 20 * max(ka[0], 1)
    bright = frames.sum(axis=(1, 2), dtype=float)
    assert bright[0] > 1.5 * bright[-1]
    np.testing.assert_allclose(
        columns["sdd_fe_ka_corrected"], ka * columns["sdd_real_time"] / columns["sdd_live_time"], rtol=1e-9
    )
    assert run.stop["num_events"]["primary"] == 7
    assert run.streams["integrity"].columns["integrity_verdict"] == ["complete"]
    assert station.tree.camera.trigger_mode.get() == "Internal"
