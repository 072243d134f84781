"""`terasu run` as a user types it: from nothing running to data that can be read."""

import json
import os
import subprocess

import h5py
import numpy as np
import pytest

from beam.xdi import read_xdi

SHORT = ("xas", "edge=Fe K", "regions=-20:-5:5 -5:20:1", "dwell_s=0.1")
SIM = ("--sim", "--seed", "7", "--time-scale", "1000")


def test_a_spectrum_from_nothing_running_to_a_file(terasu, tmp_path):
    out = tmp_path / "out.xdi"
    exports = [word for name in (str(out), "auto", "auto.parquet") for word in ("--export", name)]
    answer = terasu.run("run", "bl09u", *SHORT, *SIM, *exports, "--proposal", "2026A-1")
    assert answer["exit_status"] == "success"
    assert answer["num_points"] == 29
    kept = terasu.data / "exports/2026A-1/bl09u"
    auto = [str(kept / f"00001_{read_xdi(out).metadata['Sample.name']}{suffix}") for suffix in (".nxs", ".parquet")]
    assert answer["files"] == [str(out), *auto]
    repeatable(auto[0], answer["uid"])
    again = terasu.text("data", "export", answer["uid"][:8], str(tmp_path / "again.h5"))
    assert again.split()[-1] == str(tmp_path / "again.h5")
    repeatable(tmp_path / "again.h5", answer["uid"])
    spectrum = read_xdi(out)
    assert len(spectrum.columns["energy"]) == 29
    assert spectrum.metadata["Element.symbol"] == "Fe"
    mu = np.log(spectrum.columns["i0"] / spectrum.columns["itrans"])
    assert mu[-1] - mu[0] > 1.0

    start, descriptors, events, stop = terasu.documents(answer["uid"])
    assert stop["exit_status"] == "success"
    assert start["simulated"] is True
    assert (start["seed"], start["time_scale"], start["clock"]) == (7, 1000.0, "experiment")
    assert "model" in start["sample"]["description"]
    assert {"plan_args", "config_hash", "versions", "operator", "beamline"} <= start.keys()
    assert {"baseline", "dark", "primary", "integrity"} == set(descriptors)
    for key in ("energy", "energy_setpoint", "energy_harmonic", "energy_gap", "i0", "it", "count_time", "ring_current"):
        assert key in events["primary"][0]["data"]
    assert events["baseline"][-1]["data"]["shutter"] == "Closed"
    assert read_in_a_plain_process(terasu, answer["uid"]) == ["success", "29"]


@pytest.mark.full
def test_standard_bluesky_plans_run_by_name(terasu):
    answer = terasu.run("run", "bl09u", "scan", "energy", "7100", "7110", "num=3", *SIM)
    assert (answer["exit_status"], answer["num_points"]) == ("success", 3)


def repeatable(path, uid):
    """See that a NeXus file holds what one needs to take the same run again."""
    with h5py.File(path) as file:
        run = file["entry/run"]
        record = json.loads(run["record_json"].asstr()[()])
        assert run["uid"].asstr()[()] == uid
        assert run["command"].asstr()[()].startswith("terasu run bl09u xas 'edge=Fe K'")
        assert file["entry/definition"].asstr()[()] == "NXxas"
        assert file["entry/data/mu"].shape == (29,)
    assert record["start"]["plan_args"]["regions"]
    assert record["start"]["seed"] == 7
    assert record["start"]["settings"]["values"]["dcm"]["bragg_offset_deg"] == 0.0
    assert record["configuration"]["beamline"]["devices"]["dcm"]["miller"] == [1, 1, 1]
    assert record["streams"]["baseline"]["data"]["dcm_pitch"]
    assert "counter" in record["streams"]["primary"]["configuration"]


def read_in_a_plain_process(terasu, uid):
    """Open the run as databroker's own users do, with no Terasu command running."""
    terasu.text("data", "profile")
    terasu.stop_catalogue()
    code = (
        "import sys, databroker\n"
        "run = databroker.from_profile('terasu')[sys.argv[1]]\n"
        "print(run.metadata['stop']['exit_status'], run.primary.read()['energy'].shape[0])\n"
    )
    read = subprocess.run(
        [terasu.python, "-W", "ignore", "-c", code, uid],
        env={**os.environ, **terasu.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    return read.stdout.split()
