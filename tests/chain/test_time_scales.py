"""The same seed and plan give the same data, bit for bit, however fast the servers run."""

import itertools
import json

import pytest

STREAMS = ("baseline", "dark", "primary", "integrity")
TWO_ENDS = 2
NOT_DWELL_S = 60.0
"""At most: dark counts and motions, the first of them across half the gap's range."""


def recorded(terasu, process, timeout_s):
    """Wait for a run's end; return its readings by stream, without the timestamps."""
    events = terasu.documents(terasu.finish(process, timeout_s)["uid"])[2]
    assert events.keys() - {"suspensions"} == set(STREAMS)  # injections may have spoiled points: the same at any scale
    return {name: [event["data"] for event in found] for name, found in sorted(events.items())}


def compare(terasu, points, dwell_s, scales, timeout_s=100.0):
    """Take one scan at two time scales, side by side; return its readings if they are the same."""
    stop = 7105.0 + 0.5 * (points - 1)
    scan = f"energy_scan start=7105 stop={stop} num={points} dwell_s={dwell_s} --sim --seed 7"
    words = [["run", "bl09u", *scan.split(), "--time-scale", str(scale), "--json"] for scale in scales]
    processes = [terasu.popen(*one) for one in words]
    slow, fast = (recorded(terasu, process, timeout_s) for process in processes)
    assert [len(slow[name]) for name in STREAMS] == [TWO_ENDS, 1, points, 1]
    assert json.dumps(slow) == json.dumps(fast)
    return slow


def seconds_taken(data):
    """Return how far the servers' own clock went from before the run to its end."""
    before, after = (event["server_time"] for event in data["baseline"])
    return after - before


@pytest.mark.full
def test_five_minutes_at_two_speeds(terasu):
    data = compare(terasu, 50, 6.0, (50, 100))
    assert 300.0 < seconds_taken(data) < 300.0 + NOT_DWELL_S
    counts, current = ([event[key] for event in data["primary"]] for key in ("i0", "ring_current"))
    assert len(set(counts)) > 40, "noise was drawn"
    assert len(set(current)) > 40, "the ring's current decays by the same clock"
    assert any(later > earlier for earlier, later in itertools.pairwise(current)), "and is topped up by it"


@pytest.mark.full
@pytest.mark.timeout(900)
def test_an_hour_at_two_speeds(terasu):
    data = compare(terasu, 200, 18.0, (10, 100), timeout_s=800.0)
    assert 3600.0 < seconds_taken(data) < 3600.0 + NOT_DWELL_S
