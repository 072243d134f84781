"""A station with a dead device comes up, names it, refuses only what needs it, and uses it again when it is back."""

import json
import subprocess
import sys

import pytest

from tests.harness import ROOT

MOTOR = """[devices.{name}]
kind = "linear_motors"
prefixes = ["two:{name}"]
label = "motor"
low_mm = -10.0
high_mm = 10.0
start_mm = 0.0
resolution_mm = 0.001
tolerance_mm = 0.01
velocity_mm_per_s = 1.0
acceleration_s = 0.1
"""
COUNTER = """[devices.counter]
kind = "scalers"
prefixes = ["two:scaler"]
channels = 8
clock_hz = 1.0e7
inputs = [{ channel = 2, label = "I0", rate_hz = 1.0e5 }]
"""
RULE = """[[interlock]]
says = "near goes beyond 5 mm only with far at 0"
moving = "near"
above.mm = 5.0
needs = [{ device = "far", at.mm = 0.0, within.mm = 0.1 }]
"""
STATIONS = {"here": ("near", True), "there": ("far", False), "whole": ("near far", True)}


@pytest.fixture
def two_servers(config_copy):
    """A configuration of one station whose devices two servers serve."""
    for name, (motors, counter) in STATIONS.items():
        # the station's own PVs are those of the first server
        prefix = "THERE:" if name == "there" else "HERE:"
        head = f'schema_version = 1\nbench = "{name}"\ntitle = "A part"\nprefix = "{prefix}"\n'
        tables = [MOTOR.format(name=one) for one in motors.split()] + [COUNTER] * counter + [RULE] * (name == "whole")
        (config_copy / f"{name}.toml").write_text(head + "\n".join(tables))
    facility = config_copy / "facility.toml"
    benches = ", ".join(f'"{one}"' for one in ("bench", *STATIONS))
    facility.write_text(facility.read_text().replace('benches = ["bench"]', f"benches = [{benches}]"))
    return config_copy


@pytest.fixture
def found(two_servers, tmp_path):
    """What a session made of it."""
    probe = [sys.executable, "-m", "tests.chain.absent_probe", str(two_servers), str(tmp_path / "data")]
    answer = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.full
def test_a_dead_device_refuses_only_what_needs_it_and_comes_back(found, tmp_path):
    assert set(found["absent"]) == {"far"}
    assert any(line.startswith("far does not answer (two:far.") for line in found["said"])
    assert found["not needed"] == "done 2"
    assert found["needed"].startswith("Refused: the plan needs far: two:far.")
    assert "far: two:far" in found["read"]
    assert found["back"] == "done 2"
    assert found["absent then"] == {}
    # a rule that needs what does not answer refuses; then it holds for bare plans, by hand, and both ways round
    rule = "interlock, near goes beyond 5 mm only with far at 0"
    assert f"near 6 mm: {rule}: far_at_rest: two:far" in found["blind"]
    assert f"near 6 mm: {rule}: far is at 1 mm, it must be at 0 ± 0.1 mm" in found["far out"]
    assert found["by hand"] in found["far out"]
    assert found["in order"] == found["then beyond"] == "done 0"
    assert f"far 1 mm: {rule}: near is at 6 mm, far must be at 0 ± 0.1 mm" in found["back out"]
    assert "not checked ahead: each move is checked as its message comes" in found["said"]
    runs = [path.read_text() for path in (tmp_path / "data" / "journal").glob("*/*.jsonl")]
    # the baseline was read without it while it was away, and with it when it was back
    assert sorted('"not_in_baseline":["far"]' in one.replace(": ", ":") for one in runs) == [False, True, True]
