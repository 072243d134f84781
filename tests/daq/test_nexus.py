import json

import h5py
import numpy as np
import pytest
import xarray
from nexusformat.nexus import nxload

from daq.errors import DataError
from daq.export import export
from daq.export.run_data import RunData
from daq.export.spectrum import Spectrum


@pytest.fixture
def run(new_run):
    return RunData.from_documents(new_run())


@pytest.fixture
def written(tmp_path):
    files = []

    def write(run):
        files.append(h5py.File(export(run, tmp_path / "run.nxs", overwrite=True)))
        return files[-1]

    yield write
    for one in files:
        one.close()


def text(place, name):
    return place[name].asstr()[()]


def plotted(file):
    """Follow the defaults to the plot, as a viewer does; return the NXdata."""
    group = file
    while group.attrs["NX_class"] != "NXdata":
        group = group[group.attrs["default"]]
    return group


# -- the application definition, as https://manual.nexusformat.org/classes/applications/NXxas.html has it ---------

GROUPS = {
    "instrument": "NXinstrument",
    "instrument/source": "NXsource",
    "instrument/monochromator": "NXmonochromator",
    "instrument/incoming_beam": "NXdetector",
    "instrument/absorbed_beam": "NXdetector",
    "sample": "NXsample",
    "monitor": "NXmonitor",
    "data": "NXdata",
}
TEXTS = {
    "title": None,
    "start_time": None,
    "definition": "NXxas",
    "instrument/source/type": None,
    "instrument/source/name": None,
    "instrument/source/probe": "x-ray",
    "sample/name": "model foil",
    "monitor/mode": "timer",
    "data/mode": "Transmission",
}
NUMBERS = (
    "instrument/monochromator/energy",
    "instrument/incoming_beam/data",
    "instrument/absorbed_beam/data",
    "monitor/data",
    "data/energy",
    "data/absorbed_beam",
)


def test_a_spectrum_has_all_that_nxxas_asks_for(run, written):
    file = written(run)
    assert file.attrs["NX_class"] == "NXroot"
    entry = file["entry"]
    assert entry.attrs["NX_class"] == "NXentry"
    for name, nexus_class in GROUPS.items():
        assert entry[name].attrs["NX_class"] == nexus_class, name
    for name, value in TEXTS.items():
        assert text(entry, name) == value if value else text(entry, name), name
    for name in NUMBERS:
        assert entry[name].shape == (len(run.primary()),), name
        assert entry[name].dtype.kind in "iuf", name
    assert entry["monitor/preset"].dtype.kind == "f"
    assert entry["data/energy"] == entry["instrument/monochromator/energy"], "a link, not a copy"
    assert entry["data/absorbed_beam"] == entry["instrument/absorbed_beam/data"]
    assert entry["data/energy"].attrs["target"] in ("/entry/data/energy", "/entry/instrument/monochromator/energy")


def test_the_counts_are_those_that_were_recorded(run, written):
    entry, columns = written(run)["entry"], run.primary().columns
    np.testing.assert_array_equal(entry["instrument/monochromator/energy"], columns["energy"])
    np.testing.assert_array_equal(entry["instrument/incoming_beam/data"], columns["i0"])
    np.testing.assert_array_equal(entry["instrument/absorbed_beam/data"], columns["it"])
    assert entry["instrument/absorbed_beam/dark_rate"][()] == 200.0
    assert entry["instrument/monochromator/energy"].attrs["units"] == "eV"


@pytest.mark.parametrize("reverse", [False, True])
def test_a_viewer_plots_mu_over_energy(run, written, reverse):
    spectrum = Spectrum.of(run)
    if reverse:
        primary = run.primary()
        primary.columns = {key: column[::-1] for key, column in primary.columns.items()}
    data = plotted(written(run))
    assert data.attrs["signal"] == "mu"
    assert list(data.attrs["axes"]) == ["energy"]
    energy, mu = data["energy"][()], data["mu"][()]
    np.testing.assert_array_equal(energy, spectrum.energy_ev[::-1] if reverse else spectrum.energy_ev)
    np.testing.assert_allclose(mu, spectrum.mu[::-1] if reverse else spectrum.mu)


def test_without_light_the_counts_stand_alone(run, written):
    run.primary().columns["it"] = np.zeros(len(run.primary()), int)
    data = plotted(written(run))
    assert data.attrs["signal"] == "absorbed_beam"
    assert "no light" in text(data, "remark")
    assert "mu" not in data


def test_everything_reads_back(run, written):
    run.configuration = {"facility": {"ring": {"energy_gev": 3.0}}, "beamline": {"beamline": "bl09u"}}
    file = written(run)
    for name, stream in run.streams.items():
        place = file[f"entry/streams/{name}"]
        np.testing.assert_array_equal(place["time"], stream.time)
        for key, values in stream.columns.items():
            np.testing.assert_array_equal(place[key], values)
            assert place[key].attrs.get("units", "") == stream.unit(key)
    record = json.loads(text(file, "entry/run/record_json"))
    assert record["start"] == {**run.start, "not_a_number": "nan"}
    assert record["stop"] == run.stop
    assert record["configuration"] == run.configuration
    assert record["streams"]["baseline"]["data"]["dcm_pitch"] == [0.25, 0.25]
    assert json.loads(text(file, "entry/run/plan_args")) == {"edge": "Fe K"}
    assert file["entry/run/seed"][()] == 2**60 + 1
    assert file["entry/instrument/source/energy"][()] == 3.0
    assert text(file, "entry/entry_identifier_uuid") == run.uid


def test_xarray_opens_the_plot_and_the_streams(run, written, tmp_path):
    written(run)
    options = {"engine": "h5netcdf"}
    with xarray.open_dataset(tmp_path / "run.nxs", group="entry/data", **options) as data:
        np.testing.assert_allclose(data["mu"].sel(energy=7112.0, method="nearest"), 1.0, atol=0.1)
        assert data["absorbed_beam"].dims == ("energy",)
    for name, stream in run.streams.items():
        with xarray.open_dataset(tmp_path / "run.nxs", group=f"entry/streams/{name}", **options) as table:
            assert table.sizes["time"] == len(stream)
            for key, values in stream.columns.items():
                np.testing.assert_array_equal(table[key], values)


def test_nexusformat_opens_it_and_plots_its_default(run, written, tmp_path):
    written(run).flush()
    root = nxload(tmp_path / "run.nxs")
    plot = root.get_default()
    assert (plot.nxclass, plot.nxsignal.nxname, [axis.nxname for axis in plot.nxaxes]) == ("NXdata", "mu", ["energy"])
    assert plot.nxaxes[0].nxvalue.shape == plot.nxsignal.nxvalue.shape
    assert plot.nxaxes[0].attrs["units"] == "eV"
    assert root["entry/definition"].nxvalue == "NXxas"


def test_from_the_catalogue_it_is_the_same(record, shared_data, opened, tmp_path, written):
    from daq.catalogue import wait_until_readable
    from daq.export.source import from_journal

    uid = record(shared_data)
    wait_until_readable(shared_data, uid)
    one = written(RunData.from_catalogue(opened(shared_data, uid)))
    records = [json.loads(text(one, "entry/run/record_json"))]
    streams = {
        name: {key: values[()] for key, values in one[f"entry/streams/{name}"].items()} for name in one["entry/streams"]
    }
    other = written(from_journal(shared_data, uid))
    records.append(json.loads(text(other, "entry/run/record_json")))
    for name, columns in streams.items():
        for key, values in columns.items():
            if key != "configuration_json":
                np.testing.assert_array_equal(values, other[f"entry/streams/{name}/{key}"])
    # the catalogue has text for what Tiled would clip (docs/reference/data.md)
    assert records[0]["start"].pop("seed") == str(records[1]["start"].pop("seed"))
    assert records[0]["start"] == records[1]["start"]
    assert records[0]["streams"]["primary"]["configuration"].keys() == (
        records[1]["streams"]["primary"]["configuration"].keys()
    )


# -- other runs ------------------------------------------------------------------------------------------------------


def other(columns, **start):
    keys = {key: {"shape": list(values.shape[1:]), "dtype": "number"} for key, values in columns.items()}
    length = len(next(iter(columns.values())))
    documents = [
        ("start", {"uid": "u" * 8, "time": 1.7e9, "plan_name": "scan", **start}),
        ("descriptor", {"uid": "d", "name": "primary", "data_keys": keys, "hints": {"det": {"fields": ["det"]}}}),
        *(
            (
                "event",
                {
                    "descriptor": "d",
                    "time": 1.7e9 + number,
                    "data": {key: values[number].tolist() for key, values in columns.items()},
                },
            )
            for number in range(length)
        ),
        ("stop", {"uid": "s", "time": 1.7e9 + 10, "exit_status": "success", "run_start": "u" * 8}),
    ]
    return RunData.from_documents(documents)


def test_a_scan_without_energy_claims_no_definition_and_plots_what_moved(written):
    x = np.linspace(0, 1, 5)
    run = other(
        {"motor": x, "det": x**2, "other": -x}, motors=["motor"], hints={"dimensions": [[["motor"], "primary"]]}
    )
    file = written(run)
    assert "definition" not in file["entry"]
    data = plotted(file)
    assert (data.attrs["signal"], list(data.attrs["axes"])) == ("det", ["motor"])
    np.testing.assert_array_equal(data["det"], x**2)
    assert text(file, "entry/sample/name") == "not recorded"


def test_a_count_is_plotted_over_time(written):
    data = plotted(written(other({"det": np.arange(4)})))
    assert (data.attrs["signal"], list(data.attrs["axes"])) == ("det", ["time"])
    np.testing.assert_array_equal(data["time"], [0, 1, 2, 3])


def test_arrays_texts_and_ragged_columns_are_kept(written):
    run = other({"det": np.arange(3), "mca": np.arange(30).reshape(3, 10), "state": np.array(["a", "µ", "c"])})
    run.primary().columns["ragged"] = np.array([[1], [1, 2], []], object)
    run.primary().keys["ragged"] = {"shape": [0], "dtype": "array"}
    primary = written(run)["entry/streams/primary"]
    np.testing.assert_array_equal(primary["mca"], np.arange(30).reshape(3, 10))
    assert primary["state"].asstr()[()].tolist() == ["a", "µ", "c"]
    assert primary["ragged"].asstr()[()].tolist() == ["[1]", "[1, 2]", "[]"]


@pytest.mark.parametrize("kind", ["resource", "stream_resource"])
def test_images_are_linked_to_where_they_lie(written, tmp_path, kind):
    frames = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    with h5py.File(tmp_path / "frames of it.h5", "w") as file:
        file["/entry/data/data"] = frames
    run = other({"image": np.array(["r/0", "r/1"])})
    run.primary().keys["image"]["external"] = "FILESTORE:"
    if kind == "resource":
        where = {"root": str(tmp_path), "resource_path": "frames of it.h5", "spec": "AD_HDF5", "resource_kwargs": {}}
        run.assets = [("resource", {"uid": "r", **where})]
        run.assets += [("datum", {"datum_id": f"r/{n}", "resource": "r", "datum_kwargs": {}}) for n in (0, 1)]
    else:
        uri = f"file://localhost{tmp_path}/frames%20of%20it.h5"
        about = {"data_key": "image", "mimetype": "application/x-hdf5", "parameters": {"dataset": "/entry/data/data"}}
        run.assets = [("stream_resource", {"uid": "r", "uri": uri, **about})]
    file = written(run)
    np.testing.assert_array_equal(file["entry/instrument/image/data"], frames)
    data = plotted(file)
    np.testing.assert_array_equal(data[data.attrs["signal"]], frames)
    assert "image" not in file["entry/streams/primary"], "names of frames are no data"
    for suffix in (".csv", ".parquet", ".xdi"):
        with pytest.raises(DataError, match=r"export it as \.nxs|no absorption spectrum"):
            export(run, tmp_path / f"run{suffix}")


def test_a_run_without_points_is_refused(run, tmp_path):
    del run.streams["primary"]
    with pytest.raises(DataError, match="has no points"):
        export(run, tmp_path / "run.nxs")
    assert list(tmp_path.iterdir()) == []
