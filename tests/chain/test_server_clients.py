"""What an outside client (pyepics, in a process of its own) sees, and that the inventory tells the same."""

import json
import os
import subprocess
import sys

import caproto as ca
import pytest

from beam import facts
from ioc_sim.inventory import DTYPES, inventory

PYEPICS = """
import json, epics
gap, readback = epics.PV("BL09U:ID:Gap", form="ctrl"), epics.PV("BL09U:ID:GapRbv", auto_monitor=True)
count, state = epics.PV("BL09U:SC1:ExposureCount", auto_monitor=True), epics.PV("BL09U:FE:State")
ring = epics.PV("SR:Current")
for pv in (gap, readback, count, state, ring):
    assert pv.wait_for_connection(10), pv.pvname
gap.get_ctrlvars()
state.get_ctrlvars()
trigger = epics.PV("BL09U:SC1.CNT")
epics.caput("BL09U:SC1.TP", 0.0, wait=True)
first = count.get(use_monitor=False)
stale = 0
for point in range(200):
    trigger.put(1, wait=True)
    stale += count.get(use_monitor=False) != first + point + 1
gap.put(9.5, wait=True)
print(json.dumps({
    "gap": [gap.units, gap.precision, gap.lower_ctrl_limit, gap.upper_ctrl_limit, gap.type],
    "states": [str(one) for one in state.enum_strs], "readback": readback.get(use_monitor=False), "stale": stale,
    "ring": ring.units, "writable": [gap.write_access, readback.write_access],
    "sample": epics.caget("BL09U:SIM:Sample", as_string=True),
}))
"""


def test_pyepics_finds_everything_and_complains_of_nothing(simulation):
    done = subprocess.run(
        [sys.executable, "-c", PYEPICS],
        env={**os.environ, **simulation.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == "", "no missing repeater, no disconnection"
    seen = json.loads(done.stdout)
    gap = facts.load("bl09u")[1].devices["undulator"].gap
    assert seen == {
        "gap": ["mm", gap.precision, gap.low, gap.high, "ctrl_double"],
        "states": ["Closed", "Opening", "Open", "Closing", "Fault"],
        "readback": 9.5,
        "stale": 0,
        "ring": "mA",
        "writable": [True, False],
        "sample": "fe_foil",
    }


def seen(client, pvname):
    """Return type, length, writability, states and units as the wire has them."""
    channel = client.channel(pvname)
    dtype = DTYPES[channel.native_data_type]
    writable = ca.AccessRights.WRITE in channel.access_rights
    states, units = (), ""
    if dtype == "enum":
        states = tuple(one.decode() for one in client.metadata(pvname).enum_strings if one)
    elif dtype != "string":
        units = client.metadata(pvname).units.decode("latin-1")
    return dtype, channel.native_data_count, writable, states, units


def test_the_inventory_is_what_the_servers_serve(simulation, connect):
    facility, beamline = facts.load("bl09u")
    listed = inventory(facility, beamline)
    clients = {port: connect(simulation.ports[port]) for port in ("beamline", "ring")}
    wrong = {}
    for pvname, info in listed.items():
        client = clients["ring" if pvname.startswith(facility.ring.prefix) else "beamline"]
        try:
            served = seen(client, pvname)
        except ca.ErrorResponseReceived as error:
            served = error
        told = (info.dtype, info.length, info.writable, info.enum_strings, info.units)
        if served != told:
            wrong[pvname] = (served, told)
    assert wrong == {}
    assert len(listed) > 300


@pytest.mark.parametrize(
    ("pvname", "dtype", "units", "writable"),
    [
        ("SR:Current", "float", "mA", False),
        ("BL09U:ID:Gap", "float", "mm", True),
        ("BL09U:ID:Status", "string", "", False),
        ("BL09U:DCM:Bragg", "float", "deg", True),
        ("BL09U:DCM:Bragg.RBV", "float", "deg", False),
        ("BL09U:DCM:Pitch.VELO", "float", "urad/sec", True),
        ("BL09U:SC1:ExposureCount", "int", "", False),
        ("BL09U:I0:Gain", "float", "V/A", True),
        ("BL09U:SIM:Sample", "text", "", True),
    ],
)
def test_the_inventory_needs_no_server(pvname, dtype, units, writable):
    info = inventory(*facts.load("bl09u"))[pvname]
    assert (info.dtype, info.units, info.writable) == (dtype, units, writable)
