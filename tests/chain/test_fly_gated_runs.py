"""Flights with spectra and frames as a user types them: from nothing running to exports and a catalogue."""

import h5py
import numpy as np
import pytest

SIM = ("--sim", "--seed", "7", "--time-scale", "50")
ALL = "detectors=[counter,sdd,camera]"

pytestmark = pytest.mark.full


def test_a_map_with_spectra_and_frames_is_exported_and_in_the_catalogue(terasu, tmp_path):
    path, picture = tmp_path / "map.nxs", tmp_path / "map.png"
    words = ("fly_map", "-3", "5", "9", "-2", "4", "5", "0.5", "energy_ev=7200", ALL)
    answer = terasu.run("run", "bl09u", *words, *SIM, "--export", str(path), "--export", str(picture))
    assert answer["exit_status"] == "success"
    assert answer["num_points"] == 45
    assert picture.read_bytes().startswith(b"\x89PNG")
    with h5py.File(path) as file:
        frames, spectra = (file[f"entry/instrument/{key}/data"] for key in ("camera_image", "sdd_spectrum"))
        assert (frames.shape, spectra.shape) == ((45, 1024, 1024), (45, 2048))
        rows = file["entry/streams/primary"]
        np.testing.assert_array_equal(rows["camera_gate"], rows["flyer_gate"])
        np.testing.assert_array_equal(rows["sdd_fe_ka"], spectra[:, 620:661].sum(axis=1))

    terasu.wait_until_readable(answer["uid"])
    from daq.catalogue import find_run

    run = find_run(terasu.data, answer["uid"])
    primary = run["primary"]
    assert primary["camera_image"].shape == (45, 1024, 1024)
    assert primary["sdd_spectrum"].shape == (45, 2048)
    table = primary.read(["sdd_fe_ka", "sample_stage_x"])
    brightest = int(np.argmax(table["sdd_fe_ka"].values))
    assert -2 < float(table["sample_stage_x"][brightest]) < 4
    assert primary["camera_image"][brightest].sum() < 0.5 * primary["camera_image"][0].sum()
    run.context.http_client.close()
    terasu.stop_catalogue()


def test_a_dry_run_knows_the_frames_and_what_there_is_no_room_for_is_refused(terasu):
    said = terasu.text(
        "run", "bl09u", "fly_map", "-3", "5", "17", "-2", "4", "13", "0.3", "energy_ev=7200", ALL, *SIM, "--dry-run"
    )
    assert "camera                      221 x  0.463 GB" in said
    assert "sdd                         221 x" in said
    words = ("fly_scan", "sample_stage.x", "-3", "5", "1000000", "0.05", "energy_ev=7200", ALL)
    process = terasu.popen("run", "bl09u", *words, *SIM, "--json")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, (out, err)
    assert "camera: 1000000 acquisitions would write 2.1e+03 GB" in err
