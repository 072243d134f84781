"""Groups without a network: permissions, and what happens when they are withdrawn on the way."""

import asyncio
from pathlib import Path

import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.line import Line
from beam.sample import load_sample
from ioc_sim.errors import Refused
from ioc_sim.groups.shutter import ShutterGroup
from ioc_sim.groups.undulator import UndulatorGroup
from ioc_sim.station import Station
from ioc_sim.timing import Timeline


@pytest.fixture(scope="module")
def line():
    facility, beamline = facts.load("bl09u")
    return Line(facility, beamline, load_sample("none", Path()), seed=1, clock=ExperimentClock())


@pytest.fixture
def station(line):
    clock = ExperimentClock(100.0)
    line.clock = clock
    for name in line.open:
        line.open[name] = False
    return Station(line.beamline, line, Timeline(clock))


def begun(coroutine):
    """Start a put and let it go as far as it gets by itself."""
    return asyncio.create_task(coroutine)


def test_no_permission_no_motion(station):
    undulator = UndulatorGroup("undulator", station.facts.devices["undulator"], station)
    undulator.set_permit(False)
    before = undulator.gap.value
    with pytest.raises(Refused, match=r"BL09U:ID gap 9\.0 mm: the machine does not permit gap motion"):
        asyncio.run(undulator.gap.write(9.0))
    assert undulator.gap.value == before
    assert undulator.status.value == "the machine does not permit motion"


def test_permission_withdrawn_on_the_way_stops_the_gap_and_fails_the_put(station):
    async def scenario():
        undulator = UndulatorGroup("undulator", station.facts.devices["undulator"], station)
        start = undulator.readback.value
        put = begun(undulator.gap.write(8.0 if start > 20 else 39.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert undulator.moving.value == "Moving"
        undulator.set_permit(False)
        with pytest.raises(Refused, match="the permission was withdrawn at"):
            await put
        return undulator

    undulator = asyncio.run(scenario())
    assert undulator.moving.value == "Idle"
    assert undulator.readback.value != undulator.gap.value


def test_a_shutter_without_permission_closes_and_stays_closed(station):
    async def scenario():
        shutter = ShutterGroup.on_line("shutter", station.facts.devices["shutter"], station)
        await shutter.open.write(1)
        assert (shutter.state.value, station.line.open["shutter"]) == ("Open", True)
        shutter.set_permit(False)
        assert (shutter.state.value, station.line.open["shutter"]) == ("Closing", False)
        await shutter.close.write(1)
        assert shutter.state.value == "Closed"
        with pytest.raises(Refused, match="station shutter: the safety system does not permit opening"):
            await shutter.open.write(1)
        shutter.set_permit(True)
        await shutter.open.write(1)
        assert shutter.state.value == "Open"

    asyncio.run(scenario())


def test_permission_withdrawn_while_opening_fails_the_put(station):
    async def scenario():
        shutter = ShutterGroup.on_line("shutter", station.facts.devices["shutter"], station)
        put = begun(shutter.open.write(1))
        await asyncio.sleep(0)
        assert shutter.state.value == "Opening"
        shutter.set_permit(False)
        with pytest.raises(Refused, match="something else moved it on the way"):
            await put
        await shutter.close.write(1)
        assert (shutter.state.value, station.line.open["shutter"]) == ("Closed", False)

    asyncio.run(scenario())
