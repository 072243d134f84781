"""Clients that are told the servers' TCP addresses instead of where to send their searches."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.full

PYEPICS = """
import json, epics
names = ["BL09U:ID:GapRbv", "SR:Current", "BL09U:SC1.TP", "BL09U:SC1.CNT", "BL09U:SC1:ExposureCount"]
gap, current, preset, trigger, count = [epics.PV(name, auto_monitor=False) for name in names]
nothing = epics.PV("BL09U:NoSuchThing")
for pv in (gap, current, preset, trigger, count):
    assert pv.wait_for_connection(10), pv.pvname
preset.put(0.0, wait=True)
before = count.get()
trigger.put(1, wait=True)
print(json.dumps({"gap": gap.get(), "units": current.units, "counted": count.get() - before,
                  "nothing": nothing.connected}))
"""


def test_pyepics_finds_everything_through_name_servers_alone(simulate):
    simulation = simulate(time_scale=1000.0, seed=1)
    addresses = " ".join(f"127.0.0.1:{simulation.ports[name]}" for name in ("ring", "beamline"))
    done = subprocess.run(
        [sys.executable, "-c", PYEPICS],
        env={**os.environ, **simulation.environment, "EPICS_CA_ADDR_LIST": "", "EPICS_CA_NAME_SERVERS": addresses},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"gap": 30.0, "units": "mA", "counted": 1, "nothing": False}
