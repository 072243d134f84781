"""What goes into the catalogue and how it is found again; one catalogue process for all of it."""

import math
import uuid

import numpy as np
import pytest

from beam.errors import UnknownName
from daq.catalogue import runs, wait_until_readable
from daq.errors import DataError
from daq.export.run_data import RunData

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tiled", "ignore::DeprecationWarning:bluesky")


@pytest.fixture
def data(shared_data):
    return shared_data


def events(documents, stream):
    (descriptor,) = (doc["uid"] for name, doc in documents if name == "descriptor" and doc["name"] == stream)
    return [doc for name, doc in documents if name == "event" and doc["descriptor"] == descriptor]


def test_a_run_reads_back_as_it_was_recorded(data, record, opened, spectrum_documents):
    uid = record(data)
    wait_until_readable(data, uid)
    run = opened(data)[uid]
    recorded = events(spectrum_documents, "primary")
    table = run.primary.read()
    for key in recorded[0]["data"]:
        np.testing.assert_array_equal(table[key], [doc["data"][key] for doc in recorded])
    np.testing.assert_array_equal(table["time"], [doc["time"] for doc in recorded])
    assert set(run) == {"primary", "baseline", "dark"}
    assert run.primary.metadata["data_keys"]["energy_bragg"]["units"] == "deg"
    assert run.start["sample"]["name"] == "model foil"
    assert run.stop["exit_status"] == "success"


def test_numbers_too_large_or_not_finite_are_kept_as_text_in_metadata(data, record):
    uid = record(data)
    wait_until_readable(data, uid)
    start = runs.find(data, uid).start
    assert start["seed"] == str(2**60 + 1)
    assert start["not_a_number"] == "nan"


def test_not_a_number_stays_one_in_the_points(data, record, opened):
    def spoil(documents):
        for doc in events(documents, "primary")[3:5]:
            doc["data"]["energy_gap"] = math.nan
        events(documents, "primary")[6]["data"]["energy_gap"] = math.inf
        return documents

    uid = record(data, change=spoil)
    wait_until_readable(data, uid)
    column = np.asarray(opened(data)[uid].primary.read()["energy_gap"])
    assert np.flatnonzero(np.isnan(column)).tolist() == [3, 4]
    assert column[6] == math.inf


def test_arrays_are_kept(data, record, opened):
    def widen(documents):
        for name, doc in documents:
            if name == "descriptor" and doc["name"] == "primary":
                doc["data_keys"]["i0"] |= {"dtype": "array", "shape": [40]}
            elif name == "event" and doc in events(documents, "primary"):
                doc["data"]["i0"] = np.full(40, float(doc["seq_num"]))
        return documents

    uid = record(data, change=widen)
    wait_until_readable(data, uid)
    column = np.asarray(opened(data)[uid].primary.read()["i0"])
    assert column.shape == (120, 40)
    np.testing.assert_array_equal(column[:, 7], np.arange(1, 121))


def test_what_is_read_back_exports_like_the_documents(data, record, opened, tmp_path):
    from daq.export import export

    uid = record(data)
    wait_until_readable(data, uid)
    (path,) = (data / "journal").glob(f"*/{uid}.jsonl")
    from daq.journal_reader import read

    from_journal = RunData.from_documents(read(path).documents)
    from_catalogue = opened(data, uid)
    for suffix in (".csv", ".xdi"):
        one = export(from_journal, tmp_path / f"journal{suffix}").read_text()
        other = export(from_catalogue, tmp_path / f"catalogue{suffix}").read_text()
        assert one == other


def test_runs_are_found_by_the_beginning_of_their_uid(data, record, opened):
    beginning = uuid.uuid4().hex[:7]
    first, second = (f"{beginning}{digit}{str(uuid.uuid4())[8:]}" for digit in "ab")
    for uid in (first, second):
        record(data, uid)
    assert runs.find(data, f"{beginning}a").uid == first
    assert runs.find(data, f"{beginning}A").uid == first
    assert runs.find(data, second).uid == second
    assert runs.find(data, "last").uid == second
    assert opened(data, second[:12]).start["uid"] == second
    with pytest.raises(DataError, match=f"'{beginning}' is ambiguous: it begins {first}, {second}"):
        runs.find(data, beginning)
    assert [one.uid for one in runs.latest(data, 2)] == [second, first]


def test_runs_are_listed_by_when_they_were_taken_not_by_when_they_came_in(data, record):
    def an_hour_ago(documents):
        documents[0][1]["time"] -= 3600
        return documents

    now = record(data)
    runs.find(data, now)
    before = record(data, change=an_hour_ago)
    assert runs.find(data, "last").uid == now
    listed = [one.uid for one in runs.latest(data, 1000)]
    assert listed.index(now) < listed.index(before)


@pytest.mark.parametrize("uid", ["fedcba98", "%", "_", "", "no-such", "'; drop table nodes"])
def test_an_unknown_run_is_refused_with_those_there_are(data, record, uid):
    record(data)
    with pytest.raises(UnknownName, match="unknown run") as refused:
        runs.find(data, uid)
    assert any(one.uid[:8] in str(refused.value) for one in runs.latest(data, 20))


def test_a_run_without_a_journal_is_not_waited_for(data):
    with pytest.raises(DataError, match="there is no journal of it"):
        wait_until_readable(data, str(uuid.uuid4()), 60)


def test_a_damaged_journal_is_refused_by_line_and_blocks_no_other(data, record, new_run):
    documents = new_run()
    uid = documents[0][1]["uid"]
    directory = data / "journal" / "2026-01-01"
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / f"{uid}.partial"
    from daq.journal_line import encode

    lines = [encode(*one) for one in documents]
    partial.write_bytes(b"".join([*lines[:3], b"{damaged\n", *lines[3:]]))
    partial.rename(directory / f"{uid}.jsonl")
    with pytest.raises(DataError, match=r"refused|line 4") as error:
        wait_until_readable(data, uid)
    assert "line 4" in str(error.value)
    wait_until_readable(data, record(data))


def test_only_the_key_opens_the_catalogue(data):
    import dataclasses

    from daq.catalogue import ensure_catalogue
    from daq.catalogue.address import ADDRESS, NotAnswering

    address = ensure_catalogue(data)
    assert (data / "catalogue" / ADDRESS).stat().st_mode & 0o077 == 0
    wrong = dataclasses.replace(address, key="0" * 64)
    with pytest.raises(NotAnswering, match="answers 401"):
        wrong.ask("ping", 5)
    with pytest.raises(NotAnswering, match="answers 401"):
        wrong.get("/api/v1/search/", 5)
