"""The Tango side of a simulation as processes: on loopback, ended with the rest, found again after a restart."""

import json
import os
import subprocess
import sys
import threading

import psutil
import pytest

from beam import facts
from beam.errors import ConfigError
from devices.errors import NotConnected
from devices.signals import Quantity
from devices.tango_names import Row
from devices.tango_signal import TangoSignal
from ioc_sim.errors import ServerError
from ioc_sim.inventory import channels
from ioc_sim.launch import Simulation
from ioc_sim.tango_devices.host import database_there

MIXED = str(facts.config_dir() / "mixed")


@pytest.mark.full
def test_all_of_it_is_on_loopback_and_ends_with_status_0():
    with Simulation("bl09u", config=MIXED, sample="none") as simulation:
        assert simulation.environment["TANGO_HOST"] == f"127.0.0.1:{simulation.ports['tango']}"
        addresses = {
            one.laddr.ip for pid in simulation.pids.values() for one in psutil.Process(pid).net_connections("inet")
        }
        assert addresses == {"127.0.0.1"}
        processes = {name: child._process for name, child in simulation._children.items()}
    assert {name: process.returncode for name, process in processes.items()} == dict.fromkeys(processes, 0)


def test_the_database_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("TANGO_HOST", "127.0.0.1:1")
    with pytest.raises(ServerError, match=r"no Tango database at TANGO_HOST=127\.0\.0\.1:1 within 0\.1 s"):
        database_there(0.1)
    monkeypatch.delenv("TANGO_HOST")
    with pytest.raises(ServerError, match="TANGO_HOST is not set"):
        database_there(0.1)


def test_a_kind_that_is_not_simulated_on_tango_is_refused(tmp_path):
    (tmp_path / "facility.toml").write_text(f'extends = "{MIXED}"\n')
    (tmp_path / "bl09u.toml").write_text('[devices.valve]\ntango = "bl09u/valve/1"\n')
    with pytest.raises(ConfigError, match=r"devices\.valve\.tango: a valve is simulated over EPICS only"):
        channels(*facts.load("bl09u", tmp_path))


@pytest.mark.full
def test_what_was_memorised_outlives_a_killed_server():
    with Simulation("bl09u", config=MIXED, sample="none") as simulation:
        device = f"tango://{simulation.environment['TANGO_HOST']}/bl09u/id/1"
        velocity = TangoSignal(device, Row("Velocity"), quantity=Quantity("float", "mm/s", writable=True), name="v")
        velocity.wait_for_connection(20)
        velocity.set(0.75).wait(20)
        lost, found = threading.Event(), threading.Event()
        velocity.subscribe(lambda connected, **_: (found if connected else lost).set(), event_type="meta", run=False)
        psutil.Process(simulation.pids["beamline"]).kill()
        assert lost.wait(20)
        command = [sys.executable, "-m", "ioc_sim.serve", "bl09u", "--config", MIXED, "--sample", "none"]
        again = subprocess.Popen(
            [*command, f"--ring-port={simulation.ports['ring']}"],
            env={**os.environ, **simulation.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert json.loads(again.stdout.readline())["ready"]
            found.clear()
            assert velocity.connected or found.wait(20)
            assert velocity.fetch().value == 0.75
        finally:
            again.stdin.close()
            assert again.wait(10) == 0
            again.stdout.close()
            velocity.destroy()


@pytest.mark.full
@pytest.mark.parametrize("fault", ["server_frozen", "server_killed"])
@pytest.mark.parametrize(
    ("server", "device", "attribute"), [("ring", "sr/ring/1", "Current"), ("beamline", "bl09u/id/1", "Gap")]
)
def test_a_server_that_is_gone_or_frozen_is_lost_and_comes_back(fault, server, device, attribute):
    with Simulation("bl09u", config=MIXED, sample="none", seed=1) as simulation:
        row, quantity = Row(attribute), Quantity("float", "mm" if attribute == "Gap" else "mA")
        address = f"tango://{simulation.environment['TANGO_HOST']}/{device}"
        shown = TangoSignal(address, row, quantity=quantity, name=fault)
        try:
            shown.wait_for_connection(20)
            before = shown.fetch().value
            lost, found = threading.Event(), threading.Event()
            shown.subscribe(lambda connected, **_: (found if connected else lost).set(), event_type="meta", run=False)
            simulation.faults.set(fault, server)
            assert lost.wait(20)
            with pytest.raises(NotConnected):
                shown.fetch()
            found.clear()
            simulation.faults.clear()
            assert found.wait(20)
            assert shown.fetch().value == pytest.approx(before, rel=1e-3)
        finally:
            shown.destroy()
