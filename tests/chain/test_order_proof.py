"""Ten thousand completions: what is read after one is never older than it, whichever order the server keeps."""

import json
import os
import subprocess
import sys

import pytest

POINTS = 10_000

pytestmark = [pytest.mark.full, pytest.mark.timeout(1200)]


def stale(simulation):
    """Return how many values were stale, by the way they were come by."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chain.order_probe", str(POINTS)],
        env={**os.environ, **simulation.environment},
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_ordered_nothing_is_stale(simulate):
    assert stale(simulate(time_scale=1000.0, order="ordered")) == {"cached": 0, "read": 0, "device": 0}


def test_shuffled_only_what_a_client_has_cached_is_stale(simulate):
    seen = stale(simulate(time_scale=1000.0, order="shuffled"))
    assert seen.pop("cached") > POINTS / 2, "else the others prove nothing"
    assert seen == {"read": 0, "device": 0}
