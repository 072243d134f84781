"""Every signal that a device asks for is served, as what the device takes it for. No network."""

from dataclasses import replace

import pytest

import beamlines
from beam import facts
from devices.base import Instrument
from devices.ca_names import unit_of
from ioc_sim.inventory import inventory
from tests.devices.fake_server import FakeServer

SERVED_AS = {"float": {"float"}, "int": {"int"}, "enum": {"enum"}, "string": {"string", "text"}}


def without_units(signal):
    """Return whether a signal is of ADCore, whose records have no units: the device says them."""
    return getattr(signal.parent, "kind_of_device", "") in ("area_detector", "statistics", "region")


def disagreements(signals, served):
    """Return one line for each way in which a signal is not what the servers serve."""
    found = []
    for one in signals:
        pv, wanted = served.get(one.address), one.quantity
        if pv is None:
            found.append(f"{one.address} ({one.name}) is not served")
            continue
        unit = unit_of(pv.units)
        length = 1
        for size in wanted.shape:
            length *= size
        checks = [
            (pv.dtype in SERVED_AS[wanted.dtype], f"is a {pv.dtype}, wanted as {wanted.dtype}"),
            (pv.writable or not wanted.writable, "cannot be written"),
            (pv.enum_strings == wanted.enum, f"has states {pv.enum_strings}, wanted {wanted.enum}"),
            (
                not wanted.unit or unit == wanted.unit or (not unit and without_units(one)),
                f"is in {unit!r}, wanted in {wanted.unit!r}",
            ),
            (pv.length == length or wanted.dtype == "string", f"has {pv.length} elements, wanted {length}"),
        ]
        found += [f"{one.address} ({one.name}) {words}" for holds, words in checks if not holds]
    return found


def signals_of(facility, beamline):
    tree = beamlines.page_of(beamline.beamline)(facility, beamline, FakeServer())
    return [one for device in tree.devices.values() if isinstance(device, Instrument) for one in device.signals()]


@pytest.fixture
def wanted(the_facts):
    return signals_of(*the_facts)


@pytest.fixture(scope="module")
def served(the_facts):
    return inventory(*the_facts)


@pytest.mark.parametrize("name", facts.load_facility().beamlines)
def test_servers_serve_all_that_devices_ask_for(name):
    both = facts.load(name)
    wanted = signals_of(*both)
    assert len(wanted) > 50
    assert disagreements(wanted, inventory(*both)) == []


def test_deleting_any_one_pv_is_noticed(wanted, served):
    for one in wanted:
        less = {pv: what for pv, what in served.items() if pv != one.address}
        assert disagreements(wanted, less) == [f"{one.address} ({one.name}) is not served"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dtype": "string"}, "is a string"),
        ({"units": "furlong"}, "furlong"),
        ({"writable": False}, "cannot be written"),
        ({"length": 7}, "7 elements"),
    ],
)
def test_each_property_counts(wanted, served, change, words):
    changed = dict(served) | {"BL09U:ID:Gap": replace(served["BL09U:ID:Gap"], **change)}
    (line,) = disagreements(wanted, changed)
    assert words in line


def test_enum_strings_count(wanted, served):
    pv = "BL09U:STN:State"
    changed = dict(served) | {pv: replace(served[pv], enum_strings=("Closed", "Open"))}
    (line,) = disagreements(wanted, changed)
    assert "has states" in line


def test_a_bench_s_server_serves_all_that_its_devices_ask_for():
    from beam import bench

    tree = beamlines.load("bench", transport=FakeServer())
    wanted = [one for device in tree.devices.values() for one in device.signals()]
    assert len(wanted) > 200
    assert disagreements(wanted, inventory(facts.load_facility(), bench.load("bench"))) == []
