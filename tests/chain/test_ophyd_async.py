"""An area detector as ophyd-async sees it, unmodified: a client of another make than ours."""

import json
import os
import subprocess
import sys

import pytest

from tests.harness import ROOT

pytestmark = pytest.mark.full


def test_it_counts_into_a_file(simulate, tmp_path):
    served = simulate("bench", time_scale=100.0, seed=1, files=tmp_path)
    answer = subprocess.run(
        [sys.executable, "-m", "tests.chain.ophyd_async_probe", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **served.environment, "EPICS_CA_MAX_ARRAY_BYTES": "10000000"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["exit_status"] == "success"
    assert (found["shape"], found["dtype"], found["frames"]) == ([1, 240, 320], "<u2", 3)
    assert found["in_file"] == [3, 240, 320]
    assert min(found["brightest"]) > 0
    assert len(set(found["brightest"])) > 1  # each is an exposure of its own
