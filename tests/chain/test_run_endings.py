"""However a run ends, the shutter is closed, the points are kept and the status is true."""

import signal

import pytest

SHORT = ("xas", "edge=Fe K", "regions=-20:-5:5 -5:20:1", "dwell_s=0.1")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
@pytest.mark.full
def test_a_signal_aborts_with_the_shutter_closed_and_the_points_kept(terasu, number):
    process, uid = terasu.start_and_wait_for_points(3, "run", "bl09u", *SHORT, "--sim", "--time-scale", "10")
    process.send_signal(number)
    assert process.wait(timeout=60) == 130
    terasu.wait_until_readable(uid)
    _, _, events, stop = terasu.documents(uid)
    assert stop["exit_status"] == "abort"
    assert len(events["primary"]) >= 3
    assert events["baseline"][-1]["data"]["shutter"] == "Closed"
    shown = terasu.text("data", "show", uid[:8])
    assert "abort" in shown


def test_a_killed_engine_loses_at_most_the_point_under_way(terasu):
    process, uid = terasu.start_and_wait_for_points(5, "run", "bl09u", *SHORT, "--sim", "--time-scale", "10")
    process.kill()
    process.wait(timeout=60)
    taken = len(terasu.documents(uid)[2]["primary"])
    assert taken >= 5
    terasu.wait_until_readable(uid)
    stop = terasu.documents(uid)[3]
    assert stop["exit_status"] == "fail"
    exported = terasu.data / "killed.csv"
    terasu.text("data", "export", uid[:8], str(exported))
    rows = [line for line in exported.read_text().splitlines() if line and not line.startswith("#")]
    assert len(rows) - 1 >= taken - 1
