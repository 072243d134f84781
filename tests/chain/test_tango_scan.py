"""Scans over Tango axes while their servers misbehave: no wrong point, no hang, and the next scan works.

Each in a process of its own, whose interpreter must end with status 0.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from beam import facts
from daq.catalogue import stop_catalogue
from ioc_sim.sockets import hold_port
from tests.harness import ROOT

NEVER_S = 300
LOST = r"bl09u/.* (is not connected|does not answer)"
STEPS = [-400.0 + 100.0 * n for n in range(9)]
POINTS = [-70.0 + 10.0 * n for n in range(15)]


def probed(module, *words):
    command = [sys.executable, "-m", f"tests.chain.{module}", *map(str, words)]
    answer = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TANGO_HOST": ""},
        capture_output=True,
        text=True,
        timeout=NEVER_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """What became of scans at a beamline with an axis and the counter on Tango."""
    config, data = tmp_path_factory.mktemp("config"), tmp_path_factory.mktemp("data")
    (config / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    tango = {"dcm.pitch": "bl09u/dcm/pitch", "counter": "bl09u/counter/1"}
    tables = "".join(f'[devices.{key}]\ntango = "{address}"\n' for key, address in tango.items())
    (config / "bl09u.toml").write_text(tables)
    yield probed("tango_scan_probe", config, data)
    stop_catalogue(data)


@pytest.mark.full
@pytest.mark.parametrize("what", ["undisturbed", "after server_rebooted", "after server_frozen", "after two clients"])
def test_the_same_devices_scan_as_if_nothing_had_been(scans, what):
    assert (scans[what]["exit_status"], scans[what]["said"]) == ("success", "")
    assert scans[what]["points"] == pytest.approx(STEPS, abs=0.1)


@pytest.mark.full
@pytest.mark.parametrize(
    ("what", "words"),
    [
        *((what, LOST) for what in ("server_rebooted", "server_killed", "server_frozen")),
        ("two clients", r"dcm_pitch: ended at 450 urad, asked for -100 urad"),
    ],
)
def test_a_server_or_a_client_in_the_way_fails_the_run_and_says_so(scans, what, words):
    assert scans[what]["exit_status"] == "fail"
    assert re.search(words, scans[what]["said"])
    # those before were taken, and none after
    assert scans[what]["points"] == pytest.approx(STEPS[: len(scans[what]["points"])], abs=0.1)
    assert 2 <= len(scans[what]["points"]) <= 4


@pytest.fixture(scope="module")
def lone():
    """What became of scans over an axis of a server that misbehaves."""
    with hold_port() as held:
        port = held.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.chain.tango_axis_server", str(port)], cwd=ROOT, stdout=subprocess.PIPE
        )
        try:
            assert server.stdout.readline() == b"ready\n"
            yield probed("tango_lone_scan_probe", port)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


@pytest.mark.full
@pytest.mark.parametrize("what", ["undisturbed", "after it", "cut off", "still cut off"])
def test_without_events_every_point_is_still_true(lone, what):
    assert lone[what]["said"] == "success"
    # also what was asked for: the axis tells both with one answer
    assert lone[what]["points"] == [[one, one] for one in POINTS]


@pytest.mark.full
def test_a_write_that_takes_longer_than_tango_waits_fails_the_scan(lone):
    late = lone["late"]
    assert "axis: " in late["said"]
    assert "not answer in time" in late["said"] or "lost its server on the way to -20 urad" in late["said"]
    assert late["points"] == [[one, one] for one in POINTS[:5]]
    assert late["took_s"] < 30  # Tango waits 3 s; what is checked is that it ends


@pytest.fixture(scope="module")
def instant(tmp_path_factory):
    """What became of moves in no time: a state of the way is told when the answer says that the axis has arrived."""
    config = tmp_path_factory.mktemp("instant")
    (config / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (config / "bl09u.toml").write_text(
        '[devices.dcm.pitch]\ntango = "bl09u/dcm/pitch"\nvelocity_urad_per_s = 1.0e9\nacceleration_s = 0.0\n'
    )
    return probed("tango_instant_probe", config)


def test_each_move_that_takes_no_time_ends_as_it_should(instant):
    assert instant["arrived"] == pytest.approx(instant["places"], abs=0.1)


def test_another_client_hears_of_each_place_and_of_the_rest_at_the_end(instant):
    assert instant["complete"]
    assert instant["heard"][-len(instant["places"]) :] == pytest.approx(instant["places"], abs=0.1)
    assert instant["states"] == ["ON", "ON"]
