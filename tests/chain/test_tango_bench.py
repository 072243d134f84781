"""An electrometer and a detector of two dimensions over Tango: the numbers that they give over Channel Access."""

import threading

import h5py
import numpy as np
import pytest

from beam import facts
from daq.cli import main
from devices import State
from devices.errors import NotTaken
from devices.tango_device import tango_device
from ioc_sim.launch import Simulation

pytestmark = pytest.mark.full

PATIENCE_S = 20.0
EM, CAMERA = "gp:em1:", "gp:filedet1:"


@pytest.fixture(scope="module")
def simulation():
    with Simulation("bench", config=facts.config_dir() / "mixed", seed=5, time_scale=100.0) as running:
        yield running


@pytest.fixture
def device(simulation):
    made = []

    def make(name, **options):
        host = simulation.environment["TANGO_HOST"]
        made.append(one := tango_device(f"tango://{host}/{name}", name="one", **options))
        for signal in one.signals():
            signal.wait_for_connection(PATIENCE_S)
        return one

    yield make
    for one in made:
        one.destroy()


def until(happened):
    pause = threading.Event()
    for _ in range(2000):
        if happened():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def test_an_electrometer_averages_the_same_currents_on_both_protocols(device, simulate, connect):
    meter = device("bench/electrometer/1", trigger="Start", trigger_s=0.1)
    assert meter.current1.describe()["one_current1"]["units"] == "A"
    meter.averaging_time.set(0.05).wait(PATIENCE_S)
    meter.trigger().wait(PATIENCE_S)
    over_tango = [getattr(meter, f"current{n}").fetch().value for n in range(1, 5)]
    client = connect(simulate("bench", seed=5, time_scale=100.0).ports["beamline"])
    client.put(f"{EM}AveragingTime", 0.05)
    client.put(f"{EM}Acquire", 1)
    assert over_tango == [client.get(f"{EM}Current{n}:MeanValue_RBV") for n in range(1, 5)]
    assert len(set(over_tango)) == 4


def test_a_current_beyond_the_range_is_an_alarm(device):
    meter = device("bench/electrometer/1", trigger="Start", trigger_s=0.1)
    meter.range.set("+- 2.5 nA").wait(PATIENCE_S)
    try:
        with pytest.raises(NotTaken, match="is ALARM after its trigger: 2 of 4 currents beyond the range"):
            meter.trigger().wait(PATIENCE_S)
        assert meter.current1.fetch().severity == 2
        assert meter.current4.fetch().severity == 0
        until(lambda: meter.state is State.ALARM)
    finally:
        meter.range.set("+- 2.5 mA").wait(PATIENCE_S)
        meter.trigger().wait(PATIENCE_S)


def test_an_image_over_tango_is_the_one_in_the_file(device):
    camera = device("bench/camera/1", trigger="Start", trigger_s=1.0)
    camera.images.set(2).wait(PATIENCE_S)
    camera.exposure_time.set(0.02).wait(PATIENCE_S)
    camera.trigger().wait(PATIENCE_S)
    reading = camera.read()
    assert reading["one_image"]["value"].shape == tuple(camera.describe()["one_image"]["shape"]) == (192, 256)
    until(lambda: camera.frames_written.sample.value == 2)
    frames = []
    with h5py.File(camera.full_file_name.fetch().value) as file:
        file.visititems(lambda _, one: frames.append(one[-1]) if getattr(one, "ndim", 0) == 3 else None)
    assert np.array_equal(reading["one_image"]["value"], frames[0])
    assert reading["one_image"]["value"].max() > 0


def test_an_acquisition_can_be_aborted(device):
    camera = device("bench/camera/1", trigger="Start", trigger_s=1000.0)
    camera.images.set(10000).wait(PATIENCE_S)
    camera.exposure_time.set(0.5).wait(PATIENCE_S)
    status = camera.trigger()
    until(lambda: camera.state is State.RUNNING)
    camera.command("Abort")
    status.wait(PATIENCE_S)
    assert camera.frames_written.fetch().value < 10000


def test_what_is_on_tango_is_listed_so_and_sought_nowhere_else(capsys):
    assert main(["check", "bench", "--offline", "--config", str(facts.config_dir() / "mixed")]) == 0
    shown = capsys.readouterr().out
    assert "bench/camera/1: 1 file_detectors" in shown
    assert "bench/electrometer/1: 1 electrometers" in shown
    assert CAMERA not in shown
    assert EM not in shown
