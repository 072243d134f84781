"""An area detector as clients of the C library for Channel Access see it."""

import json
import os
import subprocess
import sys

from tests.harness import ROOT


def test_get_put_and_monitor_of_an_area_detector(simulate):
    served = simulate("bench", time_scale=100.0, seed=1)
    answer = subprocess.run(
        [sys.executable, "-m", "tests.chain.libca_probe"],
        cwd=ROOT,
        env={**os.environ, **served.environment, "EPICS_CA_MAX_ARRAY_BYTES": "10000000"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    assert found["cam1:ImageMode"] == "Continuous"
    assert found["cam1:MaxSizeX_RBV"] == "320"
    assert float(found["cam1:AcquireTime"]) == 0.001
    assert found["HDF1:FilePath"].endswith("/")
    assert found["type"]
    assert (found["put"], found["enough"], found["seen"][-1]) == (1, True, 3)
    assert found["seen"] == sorted(found["seen"])
    assert found["pixels"] == 320 * 240
