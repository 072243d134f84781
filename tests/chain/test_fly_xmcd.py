"""BL13U on the fly, as a user types it: an absorption spectrum, and a dichroism with its moments."""

import json
import re

import numpy as np
import pytest

from beam import facts
from beam.xmcd import magnetic_film
from daq.export.source import from_journal
from daq.export.spectrum import Spectrum

SIM = ("--sim", "--seed", "7", "--time-scale", "200")

pytestmark = pytest.mark.full


def moments(terasu, tmp_path, *words):
    file = tmp_path / "film.nxs"
    answer = terasu.run("run", "bl13u", *words, "field_t=2", *SIM, "--export", str(file))
    assert answer["exit_status"] == "success"
    return answer, json.loads(terasu.text("moments", str(file), "--json"))


def test_a_flown_spectrum_is_that_of_a_step_scan(terasu):
    regions = "-20:-8:2:0.1 -8:20:0.4:0.1"
    flown = terasu.run("run", "bl13u", "fly_xas", "edge=Fe L3", f"regions={regions}", "passes=2", *SIM)
    assert flown["num_points"] == 2 * 76
    step = terasu.run("run", "bl13u", "xas", "edge=Fe L3", "regions=-20:-8:2 -8:20:0.4", "dwell_s=0.1", *SIM)
    run = from_journal(terasu.data, flown["uid"])
    columns = run.primary().columns
    up = columns["flyer_pass"] == 1
    assert np.all(np.diff(columns["energy"][up]) > 0)
    assert np.all(np.diff(columns["energy"][~up]) < 0)
    # every row says where it was: behind what was demanded
    assert np.max(np.abs(columns["energy"] - columns["energy_setpoint"])) < 0.05
    assert 1e-6 < np.max(np.abs(columns["pgm_grating_error"])) < 1e-3
    flown, stepped = Spectrum.of(run), Spectrum.of(from_journal(terasu.data, step["uid"]))
    inside = slice(8, -2)
    there = np.interp(stepped.energy_ev, flown.energy_ev, flown.mu)
    # linear between rows 0.4 eV apart, on a line of 1 eV
    np.testing.assert_allclose(there[inside], stepped.mu[inside], rtol=0.12)
    assert stepped.mu[inside].max() == pytest.approx(there[inside].max(), rel=0.05)


@pytest.mark.parametrize(
    "how",
    [(), ("reverse=field",), ("switching=shifters",), ("bidirectional=false",), ("helicity=elliptic 0.7",)],
    ids=["rows", "field", "shifters", "one way", "elliptic"],
)
def test_moments_of_a_flown_dichroism(terasu, tmp_path, how):
    answer, found = moments(terasu, tmp_path, "fly_xmcd", "sequence=AB", *how)
    assert answer["num_points"] == 2 * 123
    model = magnetic_film(facts.config_dir() / "samples/fe_film.toml").model
    assert found["orbital_ub"] == pytest.approx(model.orbital_moment_ub, rel=0.05)
    assert found["spin_ub"] == pytest.approx(model.spin_moment_ub, rel=0.05)
    start, descriptors, events, _ = terasu.documents(answer["uid"])
    assert {"baseline", "dark", "primary", "passes", "integrity"} <= set(descriptors)
    passes = [one["data"] for one in events["passes"]]
    assert [one["flyer_pass_number"] for one in passes] == [1, 2]
    assert start["xmcd"]["flown"] == "flyer"
    field = [one["magnet"] for one in passes]
    light = [np.sign(one["polarisation_p3"]) for one in passes]
    assert (field, light) == (([2.0, -2.0], [1, 1]) if "reverse=field" in how else ([2.0, 2.0], [1, -1]))


def test_it_gives_the_moments_of_the_step_scan_within_the_noise(terasu, tmp_path):
    _, step = moments(terasu, tmp_path, "xmcd", "dwell_s=0.1")
    _, flown = moments(terasu, tmp_path, "fly_xmcd", "gate_s=0.1")
    for key in ("orbital", "spin"):
        noise = np.hypot(step[f"{key}_noise_ub"], flown[f"{key}_noise_ub"])
        assert abs(step[f"{key}_ub"] - flown[f"{key}_ub"]) < 4 * noise


def test_over_tango_it_gives_the_same_rows_bit_for_bit(terasu, tmp_path):
    """All that can be is on Tango: undulator, monochromator, stage, shutters, counter, amplifiers, gate unit."""
    text = (facts.config_dir() / "bl13u.toml").read_text()
    of = "(?:id|pgm|stage|shutter|counter|current|flyer)"
    text = re.sub(rf'name = "(bl13u/{of}/.*)"\nprefix = ".*"', r'name = "\1"\ntango = "\1"', text)
    assert text.count("\ntango = ") == 20
    (tmp_path / "bl13u.toml").write_text(text)
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    words = ("fly_xmcd", "sequence=AB", "regions=-4:4:1:0.1", "field_t=1", *SIM)
    epics, tango = (
        from_journal(terasu.data, terasu.run("run", "bl13u", *words, *more)["uid"])
        for more in ((), ("--config", str(tmp_path)))
    )
    columns, others = tango.primary().columns, epics.primary().columns
    assert set(columns) == set(others)
    assert len(columns["i0"]) == 18
    for key in set(columns) - {"flyer_timestamp"}:
        np.testing.assert_array_equal(columns[key], others[key], key)
    for stream in ("dark", "passes"):
        for key, values in tango.streams[stream].columns.items():
            np.testing.assert_array_equal(values, epics.streams[stream].columns[key], key)
    assert tango.streams["passes"].keys["energy_gap"]["source"].startswith("tango://")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fly_xmcd", "edge=Ga L3"), "holes of the 3d shell; L3 of Sc, Ti, .* Cu would do"),
        (("fly_xmcd", "gate_s=0.001"), r"mm/s is its limit: gates of 0\.\d+ s or longer would do"),
        (("fly_xmcd", "sequence=ABB"), "odd length 3"),
        (("fly_xmcd", "field_t=9"), "allowed -7 … 7 T"),
        (("fly_xas", "edge=Fe L3", "regions=-10:10:0.4:1e-6"), "its shortest are 1e-05 s"),
    ],
)
def test_what_cannot_be_flown_is_refused_before_anything_moves(terasu, words, message):
    answer = terasu.command("run", "bl13u", *words, *SIM)
    assert answer.returncode == 3, answer.stderr
    assert re.search(message, answer.stderr.splitlines()[-1])
