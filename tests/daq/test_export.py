import csv
import io

import matplotlib.image
import numpy as np
import pytest

from beam.errors import UnknownName
from beam.xdi import read_xdi
from daq.errors import DataError, UsageError
from daq.export import check_target, export
from daq.export.run_data import RunData
from daq.export.spectrum import Spectrum

EDGE_EV = 7112.0  # of the model in conftest.py
DARK_PER_S = {"i0": 500.0, "it": 200.0}
COUNT_TIME_S = 0.5


@pytest.fixture
def run(new_run):
    return RunData.from_documents(new_run())


def without(run, key):
    run.streams["primary"].columns.pop(key)
    return run


def test_dark_counts_are_subtracted_by_counting_time(run):
    spectrum = Spectrum.of(run)
    raw = run.streams["primary"].columns
    assert spectrum.dark == DARK_PER_S
    np.testing.assert_allclose(spectrum.i0, raw["i0"] - 500.0 * COUNT_TIME_S)
    np.testing.assert_allclose(spectrum.signal, raw["it"] - 200.0 * COUNT_TIME_S)
    np.testing.assert_allclose(spectrum.mu, np.log(spectrum.i0 / spectrum.signal))


def test_without_a_dark_exposure_nothing_is_subtracted(run):
    del run.streams["dark"]
    spectrum = Spectrum.of(run)
    assert spectrum.dark == {}
    np.testing.assert_array_equal(spectrum.i0, run.streams["primary"].columns["i0"])


def test_points_come_in_order_of_energy_whatever_way_they_were_taken(run):
    forward = Spectrum.of(run)
    primary = run.streams["primary"]
    primary.columns = {key: column[::-1] for key, column in primary.columns.items()}
    backward = Spectrum.of(run)
    np.testing.assert_array_equal(backward.energy_ev, forward.energy_ev)
    np.testing.assert_array_equal(backward.mu, forward.mu)


def test_the_monochromator_is_known_from_its_own_angles(run):
    spectrum = Spectrum.of(run)
    assert spectrum.d_spacing_angstrom == pytest.approx(3.13560, abs=1e-5)
    assert spectrum.mono_name == "Si(111)"


def test_the_edge_is_found_where_it_was_put(run):
    assert Spectrum.of(run).edge_found_ev == pytest.approx(EDGE_EV, abs=0.05)


def test_a_spectrum_without_its_edge_is_drawn_without_one(run, tmp_path):
    primary = run.streams["primary"]
    primary.columns = {key: column[:6] for key, column in primary.columns.items()}
    primary.time = primary.time[:6]
    assert Spectrum.of(run).edge_found_ev is None
    assert export(run, tmp_path / "a.png").stat().st_size > 10_000


def test_xdi_reads_back_as_what_was_measured(run, tmp_path):
    path = export(run, tmp_path / "a.xdi")
    read = read_xdi(path)
    spectrum = Spectrum.of(run)
    np.testing.assert_allclose(read.columns["energy"], spectrum.energy_ev, atol=1e-6)
    np.testing.assert_allclose(read.columns["i0"], spectrum.i0, atol=1e-4)
    np.testing.assert_allclose(read.columns["itrans"], spectrum.signal, atol=1e-4)
    np.testing.assert_allclose(read.columns["mutrans"], spectrum.mu, atol=1e-9)


def test_xdi_says_what_it_is(run, tmp_path):
    text = export(run, tmp_path / "a.xdi").read_text()
    assert text.startswith("# XDI/1.0 Terasu/")
    header = text.partition("#----")[0]
    fields, _, comments = header.partition("# ///\n")
    for line in (
        "# Column.1: energy eV",
        "# Column.4: mutrans",
        "# Element.symbol: Fe",
        "# Element.edge: K",
        "# Mono.name: Si(111)",
        "# Mono.d_spacing: 3.1356",
        "# Facility.current: 399.50 mA",
        "# Beamline.name: BL09U",
        "# Scan.start_time: 20",
        "# Scan.end_time: 20",
        "# Sample.name: model foil",
        "# Sample.description: a model, not a measurement",
        "# Detector.i0: ion chamber i0, counts less dark counts of 500 per second",
        f"# Terasu.run_uid: {run.uid}",
        "# Terasu.simulated: yes",
        "# Terasu.dark_subtracted: yes: i0 500/s, it 200/s",
        "# Terasu.exit_status: success",
    ):
        assert f"\n{line}" in fields, line
    assert comments == "# first line\n# second line\n"


def test_xdi_without_element_or_angle_is_refused_with_a_way_out(run, tmp_path):
    run.start["plan_args"] = {}
    with pytest.raises(DataError, match=r"which element and edge.*export it as \.csv"):
        export(run, tmp_path / "a.xdi")
    run.start["edge"] = "Cu L3"
    assert "# Element.edge: L3" in export(run, tmp_path / "a.xdi").read_text()
    with pytest.raises(DataError, match="no Bragg angle"):
        export(without(run, "energy_bragg"), tmp_path / "b.xdi")
    assert not (tmp_path / "b.xdi").exists()


def test_fluorescence_is_exported_as_such(run, tmp_path):
    columns = run.streams["primary"].columns
    columns["iff"] = columns.pop("it")
    read = read_xdi(export(run, tmp_path / "a.xdi"))
    np.testing.assert_allclose(read.columns["mufluor"], read.columns["ifluor"] / read.columns["i0"], atol=1e-8)


def test_csv_holds_the_points_as_recorded(run, tmp_path):
    lines = export(run, tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith(f"# run {run.uid}, xas, ")
    assert lines[0].endswith("success, simulated")
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[1:]))))
    primary = run.streams["primary"]
    assert len(rows) == len(primary)
    assert [float(row["energy"]) for row in rows] == list(primary.columns["energy"])
    assert [int(row["i0"]) for row in rows] == list(primary.columns["i0"])
    assert [float(row["energy_bragg [deg]"]) for row in rows] == list(primary.columns["energy_bragg"])


def test_png_is_a_picture(run, tmp_path):
    picture = matplotlib.image.imread(export(run, tmp_path / "a.png"))
    assert picture.shape[0] > 800
    assert picture.shape[1] > 1000
    assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 50


@pytest.mark.parametrize("key", ["energy", "i0", "it"])
def test_a_run_that_is_no_spectrum_is_refused_by_what_it_lacks(run, tmp_path, key):
    for suffix in (".xdi", ".png"):
        with pytest.raises(DataError, match=f"no absorption spectrum: it has .*, but no .*{key}"):
            export(without(run, key), tmp_path / f"a{suffix}")
        assert list(tmp_path.iterdir()) == []
        run.streams["primary"].columns[key] = np.ones(len(run.primary()))
    export(without(run, key), tmp_path / "a.csv")


def test_points_without_light_are_refused(run, tmp_path):
    run.streams["primary"].columns["it"][3] = 100  # the dark counts of half a second
    with pytest.raises(DataError, match=r"it is 0 counts at 7077\.000 eV .*no light"):
        export(run, tmp_path / "a.xdi")


def test_an_energy_twice_is_refused(run, tmp_path):
    run.streams["primary"].columns["energy"][3] = 7072.0
    with pytest.raises(DataError, match=r"two points at 7072\.000 eV"):
        export(run, tmp_path / "a.xdi")


def test_a_run_without_points_is_refused(new_run, tmp_path):
    documents = [one for one in new_run() if one[0] != "event"]
    with pytest.raises(DataError, match="has no points"):
        export(RunData.from_documents(documents), tmp_path / "a.csv")


def test_unknown_formats_are_refused_with_those_there_are(run, tmp_path):
    with pytest.raises(UnknownName, match=r"unknown export format '.xdl'; did you mean \.xdi"):
        export(run, tmp_path / "a.xdl")
    with pytest.raises(UnknownName, match=r"known: \.csv, \.h5, \.nxs, \.parquet, \.png, \.xdi"):
        check_target(tmp_path / "nothing")


def test_a_file_is_only_overwritten_when_asked(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export(run, path)
    assert path.read_text() == "mine"
    export(run, path, overwrite=True)
    assert path.read_text() != "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    from daq.export.atomic import write_atomically

    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_atomically(path, b"other", overwrite=False)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_is_not_there_is_refused(run, tmp_path):
    with pytest.raises(UsageError, match="there is no directory"):
        export(run, tmp_path / "nowhere" / "a.csv")
