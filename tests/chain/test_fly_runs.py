"""Flights as a user types them: from nothing running to files and a catalogue, at a beamline of two protocols, too."""

import json

import h5py
import numpy as np
import pytest

from beam import facts
from beam.xdi import read_xdi
from daq.export.source import from_journal
from daq.export.spectrum import Spectrum

SIM = ("--sim", "--seed", "7", "--time-scale", "50")
REGIONS = "-30:-10:2:0.05 -10:30:0.25:0.05"
MIXED = ("--config", str(facts.config_dir() / "mixed"))

pytestmark = pytest.mark.full


def test_a_spectrum_on_the_fly_is_that_of_a_step_scan(terasu, tmp_path):
    exports = [word for suffix in (".xdi", ".nxs", ".csv") for word in ("--export", str(tmp_path / f"out{suffix}"))]
    answer = terasu.run("run", "bl09u", "fly_xas", "edge=Fe K", f"regions={REGIONS}", *SIM, *exports)
    assert answer["exit_status"] == "success"
    assert answer["num_points"] == 170
    step = terasu.run("run", "bl09u", "xas", "edge=Fe K", "regions=-30:-10:2 -10:30:0.5", "dwell_s=0.2", *SIM)
    flown = Spectrum.of(from_journal(terasu.data, answer["uid"]))
    stepped = Spectrum.of(from_journal(terasu.data, step["uid"]))
    assert abs(flown.edge_found_ev - stepped.edge_found_ev) < 0.2
    assert np.max(np.abs(np.interp(stepped.energy_ev, flown.energy_ev, flown.mu) - stepped.mu)[5:-5]) < 0.05

    assert len(read_xdi(tmp_path / "out.xdi").columns["energy"]) == 170
    with h5py.File(tmp_path / "out.nxs") as file:
        assert file["entry/definition"][()] == b"NXxas"
        assert file["entry/data/mu"].shape == (170,)
        assert file["entry/streams/primary/dcm_bragg_error"].attrs["units"] == "deg"
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 172

    # the catalogue reads the rows from the flyer's file
    terasu.wait_until_readable(answer["uid"])
    from daq.catalogue import find_run

    run = find_run(terasu.data, answer["uid"])
    table = run["primary"].read(["energy", "i0"])
    run.context.http_client.close()
    np.testing.assert_allclose(np.sort(table["energy"].values), flown.energy_ev)
    terasu.stop_catalogue()


def test_a_gate_unit_on_tango_makes_the_same_rows_bit_for_bit(terasu):
    """And it moves axes of two protocols: the undulator is on Tango, the monochromator is not."""
    words = ("fly_xas", "edge=Fe K", f"regions={REGIONS}")
    epics, mixed = (
        from_journal(terasu.data, terasu.run("run", "bl09u", *words, *SIM, *more)["uid"]) for more in ((), MIXED)
    )
    columns, others = mixed.primary().columns, epics.primary().columns
    assert set(columns) == set(others) >= {"i0", "it", "energy", "energy_gap", "undulator_gap_error", "flyer_gate"}
    for key in set(columns) - {"flyer_timestamp"}:
        np.testing.assert_array_equal(columns[key], others[key], key)
    assert mixed.primary().keys["i0"]["source"] == "file of bl09u/flyer/1"
    assert epics.primary().keys["i0"]["source"] == "file of BL09U:FLY:"


def test_a_dry_run_knows_the_flight(terasu):
    words = ("fly_map", "-3", "5", "17", "-2", "4", "13", "0.3", "energy_ev=7200")
    said = terasu.text("run", "bl09u", *words, *SIM, "--dry-run")
    assert "the whole plan; nothing moved" in said
    assert "221 events" in said


def test_a_server_that_is_killed_in_flight_leaves_its_rows(terasu):
    words = ("fly_scan", "sample_stage.x", "-5", "5", "1001", "0.5", "energy_ev=7200")
    process = terasu.popen("run", "bl09u", *words, *SIM, "--json")
    for line in process.stdout:
        if line.strip().endswith("rows") and int(line.split()[0]) > 50:
            break
    terasu.text("fault", "set", "server_killed", "beamline")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 4, err
    answer = json.loads(out.splitlines()[-1])
    run = from_journal(terasu.data, answer["uid"])
    assert run.exit_status == "fail"
    assert 50 < len(run.primary()) < 1001
