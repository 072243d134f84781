"""No fault ends in a success or in a wait without end: each strikes in mid-motion or mid-exposure, through the engine.

The table docs/reference/faults.md is what these tests saw, with the margin of 5 s that users have:
``TERASU_WRITE_FAULTS=1 pytest tests/chain/test_truth.py`` writes it. Otherwise the margin is shortened.
"""

import json
import os
import re
import time
from pathlib import Path

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.utils import Msg

from beam.errors import TerasuError
from tests.chain.guarded import Station

PAGE = Path(__file__).parents[2] / "docs/reference/faults.md"
WRITE = "TERASU_WRITE_FAULTS" in os.environ
HEAD = """# What becomes of faults

Each row was seen by `tests/chain/test_truth.py`: the fault strikes in the middle of a motion or of an exposure of a
plan under the run engine, against simulated servers; afterwards the same objects carry out the same plan without it. No
row says success, and none waits without end: a wait lasts at most 1.5 times what it should, and 5 s.

| fault | strikes | outcome | after | message |
|---|---|---|---|---|
"""

MOVE, COUNT = "in mid-motion", "in mid-exposure"
ROWS = [
    ("motor_stuck", "dcm.bragg", {}, MOVE, "failed", r"waited .* for the end of its move to .* deg; last value"),
    ("motor_lost_done", "dcm.bragg", {}, MOVE, "failed", r"waited .* for the end of its move"),
    ("motor_limit_hit", "dcm.bragg", {}, MOVE, "failed", r"ended at .* asked for .*limit switch is pressed"),
    ("motor_following_error", "dcm.bragg", {}, MOVE, "failed", r"ended at .* asked for .*tolerance"),
    ("motor_foreign_stop", "dcm.bragg", {}, MOVE, "failed", r"ended at .*stopped by somebody else, or blocked"),
    ("motor_invalid", "dcm.bragg", {}, MOVE, "failed", r"invalid"),
    ("put_never_completes", "dcm.bragg", {}, MOVE, "failed", r"waited .* for the end of its move"),
    ("scaler_stuck", "counter", {}, COUNT, "failed", r"waited .* for the end of a count of"),
    ("scaler_stale", "counter", {}, COUNT, "failed", r"reported the end of a count, but made no exposure"),
    ("scaler_nan", "counter", {}, COUNT, "failed", r"is not a number"),
    ("scaler_invalid", "counter", {}, COUNT, "failed", r"is invalid"),
    ("put_never_completes", "counter", {}, COUNT, "failed", r"waited .* for the end of a count of"),
    ("value_invalid", "SR:Current", {}, COUNT, "failed", r"invalid"),
    ("value_nan", "SR:Current", {}, COUNT, "failed", r"not a number"),
    ("wrong_enum_index", "SR:TopUpGate", {}, COUNT, "failed", r"ring\.topup_gate .* which is no state that it has"),
    ("shutter_permit_withdrawn", "shutter", {}, COUNT, "repeated", r"station shutter closed: shutter is closed"),
    ("undulator_permit_withdrawn", "undulator", {}, MOVE, "suspended", r"undulator\.gap\.permit is Denied"),
    ("beam_dump", "ring", {}, COUNT, "suspended", r"no beam: ring\.current is 0 mA"),
    ("topup_injection", "ring", {}, COUNT, "repeated", r"injection: ring\.topup_gate"),
    ("slow_server", "beamline", {"ms": 100.0}, COUNT, "as usual", r""),
]
LONG = {"motor_lost_done", "put_never_completes", "scaler_invalid", "value_nan", "slow_server", "motor_foreign_stop"}
"""Alike to others, and left to the whole suite."""
SERVERS = [
    ("server_killed", "beamline", {}, 4, r"was killed by SIGKILL|lost its server|not connected"),
    ("server_frozen", "beamline", {}, 4, r"waited .* for|does not answer"),
    ("server_frozen", "ring", {}, 4, r"waited .* for SR:"),
    ("server_rebooted", "beamline", {"autosave": False}, 4, r"lost its server|not connected"),
    ("circuit_dropped", "beamline", {}, 4, r"lost its server|not connected"),
]


@pytest.fixture(scope="module")
def station(simulation, _acquire):
    from beam import facts

    one = Station(_acquire.tree, facts.load("bl09u")[1])
    yield one
    one.clock.destroy()


@pytest.fixture(scope="module")
def seen():
    rows = {}
    yield rows
    if WRITE and len(rows) == len(ROWS) + len(SERVERS):
        PAGE.write_text(HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows.values()))


@pytest.fixture(autouse=True)
def _margin(monkeypatch):
    from devices.deadlines import PATIENCE

    if not WRITE:
        monkeypatch.setattr(PATIENCE, "margin_s", 1.5)


class InTheMiddle:
    """Holds for the wait that follows the second move or trigger."""

    def __init__(self, command, obj):
        self.command, self.obj, self.left = command, obj, 2

    def __call__(self, message):
        if message.command == self.command and message.obj is self.obj:
            self.left -= 1
        return self.left == 0 and message.command == "wait"


def plan(tree, strikes):
    """Return a plan whose second motion, or whose exposures, last long enough to be struck."""
    if strikes == MOVE:
        return bp.list_scan([tree.counter, tree.ring], tree.energy, [5000.0, 3000.0, 5000.0])
    return bp.count([tree.counter, tree.ring], 2)


@pytest.mark.parametrize(
    ("fault", "target", "arguments", "strikes", "outcome", "message"),
    [pytest.param(*row, marks=[pytest.mark.full] * (row[0] in LONG), id=f"{row[0]}-{row[1]}") for row in ROWS],
)
def test_a_fault_is_neither_a_success_nor_a_hang(
    station, simulation, seen, fault, target, arguments, strikes, outcome, message
):
    tree = station.tree
    dwell_s, points = (0.5, 3) if strikes == MOVE else (40.0, 2)
    station.engine(
        bps.mv(tree.front_end, "open", tree.shutter, "open", tree.counter.preset_time, dwell_s, tree.energy, 5000.0)
    )
    at = InTheMiddle("set", tree.energy) if strikes == MOVE else InTheMiddle("trigger", tree.counter)
    say = station.guard.say

    def heard(line):
        station.said.append(line)
        if line.startswith("suspended") and outcome != "failed" and re.search(message, line):
            simulation.faults.clear()

    station.guard.say = heard
    struck = []

    def strike():
        struck.append(time.monotonic())
        simulation.faults.set(fault, target, **arguments)

    try:
        _, stop = station(plan(tree, strikes), at, strike)
        error = None
    except TerasuError as raised:
        error, stop = raised, station.stop
    finally:
        took_s = time.monotonic() - struck[0]
        simulation.faults.clear()
        station.guard.say = say
    if outcome == "failed":
        assert error is not None, "reported as a success"
        assert stop["exit_status"] == "fail"
        said = str(error)
    elif outcome == "as usual":
        assert (error, stop["exit_status"]) == (None, "success")
        said = "it only takes longer"
    else:
        assert error is None, str(error)
        assert stop["exit_status"] == "success"
        reasons = [one["suspension_reason"] for one in station.events["suspensions"]]
        said = next((one for one in reasons if re.search(message, one)), f"only {reasons}")
        assert len(station.events["primary"]) == points
        assert station.events["integrity"][0]["integrity_points_repeated"] >= 1
    assert re.search(message, said), said
    seen[fault, target] = (f"`{fault}` on `{target}`", strikes, outcome, f"{took_s:.1f} s", said.replace("|", "\\|"))
    # the same objects go on as if nothing had been
    tree.dcm.bragg.stop()
    if tree.ring.mode.get() != "TopUp":
        station.engine([Msg("sleep", None, 600.0)])
    _, stop = station(plan(tree, strikes))
    assert stop["exit_status"] == "success"


@pytest.mark.full
@pytest.mark.parametrize(("fault", "target", "arguments", "status", "message"), SERVERS)
def test_a_server_that_fails_in_mid_exposure_fails_the_run(
    terasu, tmp_path, seen, fault, target, arguments, status, message
):
    given = ", ".join(f"{key} = {str(value).lower()}" for key, value in arguments.items())
    path = tmp_path / "scenario.toml"
    path.write_text(
        f'schema_version = 1\ntitle = "of a test"\n[[faults]]\nafter_exposures = 2\nfault = "{fault}"\n'
        f'target = "{target}"\nargs = {{ {given} }}\n'
    )
    began = time.monotonic()
    words = ["run", "bl09u", "count", "[counter,ring]", "num=200", "--sim", "--seed", "1"]
    words += ["--time-scale", "20", "--json", "--scenario"]
    done = terasu.command(*words, str(path))
    took_s = time.monotonic() - began
    answer = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == status
    assert answer["exit_status"] == "fail"
    assert re.search(message, answer["error"]), answer["error"]
    assert 1 <= answer["num_points"] < 200
    said = answer["error"].replace("|", "\\|")
    seen[fault, target] = (f"`{fault}` on `{target}`", COUNT, "failed", f"{took_s:.0f} s with start", said)


def test_the_page_tells_of_each_of_these_faults():
    rows = re.findall(r"^\| `(\w+)` on `([^`]+)` \| ([^|]+) \| ([^|]+) \|", PAGE.read_text(), re.M)
    told = {(fault, target, strikes.strip(), outcome.strip()) for fault, target, strikes, outcome in rows}
    assert told >= {(row[0], row[1], row[3], row[4]) for row in ROWS} | {
        (row[0], row[1], COUNT, "failed") for row in SERVERS
    }
    assert not {outcome for *_, outcome in told} & {"success", "hang"}
