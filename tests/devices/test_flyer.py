"""A flyer over a control system in process: what it refuses before it tells its unit anything."""

import threading

import numpy as np
import pytest

from beam.errors import OutOfReach
from beam.trajectory import Stretch
from devices import Flight
from devices.errors import DeviceError

X = "sample_stage.x"


def flight(gates, gate_s, way=0.1):
    return Flight((Stretch({X: np.linspace(0.0, way, gates + 1)}, np.full(gates, gate_s)),))


def test_more_gates_than_the_store_sustains_are_refused_if_the_buffer_cannot_hold_them(bl):
    bl.fake.server.post("BL09U:FLY:StoreRate_RBV", 20_000.0)
    with pytest.raises(OutOfReach, match=r"sustained 2e\+04 rows a second in a probe: gates of 5e-05 s or longer"):
        bl.flyer.trajectory(flight(300_000, 1e-5, 5.0))
    bl.flyer.trajectory(flight(100_000, 1e-5, 1.0))  # these it holds
    bl.flyer.trajectory(flight(300_000, 6e-5, 5.0))


def test_gates_shorter_than_its_shortest_are_refused(bl):
    with pytest.raises(OutOfReach, match="its shortest are 1e-05 s"):
        bl.flyer.trajectory(flight(10, 1e-6, 1e-6))


def test_it_must_be_prepared(bl):
    for ask in (bl.flyer.kickoff, bl.flyer.describe_collect):
        with pytest.raises(DeviceError, match="not prepared"):
            ask()
    with pytest.raises(DeviceError, match="kick it off first"):
        bl.flyer.complete()


def test_a_pause_leaves_the_gates_that_were_not_made():
    rest = flight(10, 0.1).rest(4)
    assert rest.gates == 6
    assert rest.stretches[0].positions[X][0] == pytest.approx(0.04)


def test_nothing_is_announced_while_a_spoiled_file_is_changed(bl, server):
    """Rows that are known are those of the file before: vouching for them would be for rows that were cut off."""
    unit, closing, release = "BL09U:FLY:", threading.Event(), []

    def put(name, act):
        server.on_write[f"{unit}{name}"] = act

    def built(_, done):
        server.post(f"{unit}BuildStatus", 1)
        done()

    def capture(value, done):
        if value or not bl.flyer.capture.sample.value:
            server.post(f"{unit}Capture", value)
            done()
        else:
            release.append(done)
            closing.set()

    def execute(value, done):
        server.post(f"{unit}Execute", value)
        if not value:
            done()

    put("Build", built)
    put("Capture", capture)
    put("Execute", execute)
    server.post(f"{unit}FullFileName_RBV", "/nowhere/flight_0001.h5")
    bl.flyer.stage()
    bl.flyer.prepare(flight(100, 0.1)).wait(5)
    bl.flyer.kickoff().wait(5)
    status = bl.flyer.complete()
    server.post(f"{unit}RowsStored_RBV", 50)
    bl.flyer.vouch(bl.flyer.get_index())
    assert len(list(bl.flyer.collect_asset_docs())) > 0
    server.post(f"{unit}RowsStored_RBV", 80)
    bl.flyer.spoil()
    bl.flyer.resume()
    assert list(bl.flyer.collect_asset_docs()) == []
    assert closing.wait(5)
    assert bl.flyer.get_index() == 0
    bl.flyer.vouch(80)
    assert list(bl.flyer.collect_asset_docs()) == []
    server.post(f"{unit}RowsStored_RBV", 0)
    server.post(f"{unit}Capture", 0)
    release.pop()()
    bl.flyer.stop()
    with pytest.raises(DeviceError):
        status.wait(5)
