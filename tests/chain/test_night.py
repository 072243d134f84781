"""A night of a hundred plans with five faults during acquisitions: queue, catalogue and simulator agree on each.

`TERASU_LEDGER=FILE` keeps the ledger.
"""

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from daq.catalogue import open_catalogue, runs, wait_until_readable
from tests.chain.conftest import RawClient
from tests.queue_driver import Queue

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

ROUND = """
[[item]]
plan = "energy_scan"
with = { start = 7080.0, stop = 7140.0, num = 21, dwell_s = 0.5 }
repeat = 2
[[item]]
plan = "xas"
with = { edge = "Fe K", regions = "-20:40:2:0.5" }
repeat = 2
[[item]]
plan = "align"
with = { motor = "dcm.pitch", start = -60.0, stop = 60.0, num = 21 }
[[item]]
plan = "camera_series"
with = { camera = "camera", num = 3, exposure_s = 0.2 }
[[item]]
plan = "ascan"
args = ["energy", 7100, 7120, 10, 0.2]
[[item]]
plan = "mesh"
args = ["sample_stage.x", -1, 1, 2, "sample_stage.y", -1, 1, 3, 0.2]
[[item]]
plan = "dscan"
args = ["sample_stage.x", -1, 1, 8, 0.2]
[[item]]
plan = "count"
with = { num = 5 }
"""
ROUNDS = 10
ACROSS = ("energy_scan", "xas", "align", "camera_series")
"""Energy, camera and alignment scans."""
FAULTS = (
    (150, "beam_dump", "ring", "", 60.0),
    (450, "put_never_completes", "counter", "", 20.0),
    (750, "motor_following_error", "dcm.bragg", "args = { by = 0.01 }", 20.0),
    (1050, "scaler_stale", "counter", "", 20.0),
    (1350, "shutter_permit_withdrawn", "shutter", "", 60.0),
)


def scenario():
    lines = ["schema_version = 1", 'title = "a night"']
    for after, fault, target, arguments, lasts in FAULTS:
        lines += ["[[faults]]", f"after_exposures = {after}", f'fault = "{fault}"', f'target = "{target}"', arguments]
        lines.append(f"clear_after_s = {lasts}")
    return "\n".join(lines)


def test_a_night(tmp_path):
    (tmp_path / "scenario.toml").write_text(scenario())
    (tmp_path / "night.toml").write_text('id = "night"\n' + ROUND * ROUNDS)
    queue = Queue(tmp_path / "data", scale=100.0)
    try:
        queue.up("--scenario", str(tmp_path / "scenario.toml"))
        queued = queue.json("load", str(tmp_path / "night.toml"))["queued"]
        assert len(queued) == 100
        began = time.monotonic()
        queue.text("start", "--keep-going")
        queue.wait_for(lambda one: one["status"]["items_in_queue"] == 0 and not one["running"], within_s=1500)
        took_s = time.monotonic() - began
        history = queue.history(500)
        exposures = exposures_made(queue)
        for one in history:
            wait_until_readable(queue.data, one["result"]["run_uids"][0])
        listed = {one.uid: one for one in runs.latest(queue.data, 2 * len(history))}
        catalogue = open_catalogue(queue.data)
        found = [reconciled(one, listed, catalogue) for one in history]
        catalogue.context.http_client.close()
        assert len(listed) == len(history)  # and nothing ran that nobody had queued
    finally:
        queue.close()
    if target := os.environ.get("TERASU_LEDGER"):
        Path(target).write_text(ledger(found, exposures, took_s))

    # each item ran once, in order, and is in the ledger
    assert [one["id"] for one in found] == queued
    assert sum(one["plan"] in ACROSS for one in found) >= 60
    for one in found:
        # the queue says of each item what the catalogue says of its run
        assert one["queue"] == one["catalogue"], one
        assert one["points"] == one["events"], one
        if one["queue"] == "success":
            assert one["verdict"] == "complete", one
            assert one["made"] >= one["triggered"] > 0, one
    # faults struck during acquisitions: some made points be taken again, some made runs fail; the night went on
    ends = Counter(one["queue"] for one in found)
    assert ends["success"] >= 90
    why = " ".join(one["why"] for one in found)
    assert "dcm_bragg: ended at" in why  # the following error
    assert "reported the end of a count, but made no exposure" in why  # the stale scaler
    assert sum(one["suspensions"] for one in found) >= 2
    assert sum(one["repeated"] for one in found) >= 2
    # and all that the simulator exposed is accounted for: what the counter was triggered for, the stale one, too
    counted = [one for one in found if one["plan"] != "camera_series"]
    assert sum(one["triggered"] for one in counted) == exposures
    assert sum(one["made"] for one in counted) == exposures - 1
    assert all(one["frames"] == one["made"] for one in found if one["plan"] == "camera_series")


def exposures_made(queue):
    """Return how many exposures the simulated beamline has made, as it says itself."""
    (announced,) = (queue.runtime / "terasu").glob("sim-*.json")
    client = RawClient(json.loads(announced.read_text())["ports"]["beamline"])
    try:
        return int(client.get("BL09U:SIM:Exposures"))
    finally:
        client.close()


def reconciled(item, listed, catalogue):
    """Return one line of the ledger: what the queue, the catalogue and the run itself say."""
    result = item["result"]
    status = {"completed": "success", "failed": "fail"}.get(result["exit_status"], result["exit_status"])
    assert len(result["run_uids"]) == 1, item
    (uid,) = result["run_uids"]
    run = catalogue[uid]
    report = run["integrity"].read()
    said = {str(key).removeprefix("integrity_"): report[key].values[0] for key in report}
    return {
        "id": item["meta"]["submission"]["id"],
        "plan": item["name"],
        "queue": status,
        "took_s": result["time_stop"] - result["time_start"],
        "why": (result["msg"] or "").split("\n")[0].removeprefix("Plan failed: "),
        "run": uid[:8],
        "catalogue": listed[uid].status,
        "points": listed[uid].points,
        "events": len(run["primary"].read(["time"])["time"]),
        "triggered": int(said["exposures_triggered"]),
        "made": int(said["exposures_made"]),
        "frames": int(said["frames_written"]),
        "repeated": int(said["points_repeated"]),
        "suspensions": int(said["suspensions"]),
        "verdict": str(said["verdict"]),
    }


def ledger(found, exposures, took_s):
    """Return the ledger as a page."""

    def total(key):
        return sum(one[key] for one in found)

    ends = ", ".join(f"{number} {name}" for name, number in Counter(one["queue"] for one in found).most_common())
    frames_asked = sum(one["triggered"] for one in found if one["plan"] == "camera_series")
    across = sum(one["plan"] in ACROSS for one in found)
    faults = ", ".join(f"`{fault}` at exposure {after}" for after, fault, *_ in FAULTS)
    lines = [
        "# The ledger of a night",
        "",
        "<!-- written by tests/chain/test_night.py with TERASU_LEDGER -->",
        f"{len(found)} plans at BL09U, simulated at × 100, in {took_s / 60:.1f} min: {ends}. {across} are energy,",
        f"camera or alignment scans. Faults, each during an acquisition: {faults}.",
        "",
        f"Points: {total('points')}; {total('repeated')} were spoiled and taken again before they counted. Exposures:",
        f"{total('triggered') - frames_asked} of the counter and {total('frames')} frames by the runs' own reports,",
        f"{exposures} of the counter by the simulator's count. Queue and catalogue say the same of each run.",
        "",
        "| item | plan | run | ended | points | exposures | frames | again | waits | s | why |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        why = "" if one["queue"] == "success" else one["why"].replace("|", "\\|")
        cells = [one["id"].removeprefix("night/"), one["plan"], one["run"], one["queue"], one["points"], one["made"]]
        cells += [one["frames"], one["repeated"], one["suspensions"], f"{one['took_s']:.1f}", why]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"
