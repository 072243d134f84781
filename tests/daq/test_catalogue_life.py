"""Catalogue processes that are started twice, killed, and left alone; engines that are killed."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from daq.catalogue import ensure_catalogue, running, runs, wait_until_readable
from daq.errors import Refused
from daq.journal import Journal
from daq.journal_reader import journals, read

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tiled", "ignore::DeprecationWarning:bluesky")


def kill(data):
    """Kill the catalogue process without warning."""
    process = psutil.Process(running(data).pid)
    process.kill()
    psutil.wait_procs([process], timeout=30)


def await_state(data, uid, wanted):
    """Ask how far the run is until it is there."""
    state = None
    while state != wanted:
        state = ensure_catalogue(data).ask("run", 30, uid=uid, wait_s="0.1")["state"]


@pytest.mark.full
def test_two_starters_get_one_process_which_ends_when_idle(data, monkeypatch):
    monkeypatch.setenv("TERASU_CATALOGUE_IDLE_S", "2")
    with ThreadPoolExecutor(3) as starters:
        addresses = {one.result() for one in [starters.submit(ensure_catalogue, data) for _ in range(3)]}
    (address,) = addresses
    psutil.wait_procs([psutil.Process(address.pid)], timeout=30)
    assert running(data) is None
    assert not (data / "catalogue" / "address.json").exists()


@pytest.mark.full
def test_a_long_run_is_readable_while_it_goes_on_and_single_after_a_kill(data, record, new_run, opened):
    earlier = record(data)
    wait_until_readable(data, earlier)
    documents = new_run()
    uid = documents[0][1]["uid"]
    journal = Journal(data / "journal")
    for one in documents[:80]:
        journal(*one)
    await_state(data, uid, "partial")
    found, _ = runs.latest(data, 10)
    assert (found.uid, found.status) == (uid, "running")
    assert opened(data)[uid].primary.read().sizes["time"] > 70
    kill(data)
    # the catalogue now holds half of the run, and knows nothing of having fed it
    for one in documents[80:]:
        journal(*one)
    wait_until_readable(data, uid)
    found, other = runs.latest(data, 10)
    assert (found.uid, found.status, found.points) == (uid, "success", 120)
    assert other.uid == earlier
    seq_num = np.asarray(opened(data)[uid].primary.read(["seq_num"])["seq_num"])
    np.testing.assert_array_equal(seq_num, np.arange(1, 121))
    # the run that was complete before the kill was not fed again
    fed = [json.loads(line)["uid"] for line in (data / "catalogue" / "fed.jsonl").read_text().splitlines()]
    assert fed == [earlier, uid]


ENGINE = """
import sys
from pathlib import Path
import bluesky.plans as bp
from bluesky.run_engine import RunEngine
from ophyd.sim import det, motor
from daq.journal import Journal

def tell(name, doc):
    print(name, doc["uid"], flush=True)
    if name == "event" and doc["seq_num"] == 7:
        sys.stdin.read()  # until it is killed

engine = RunEngine({})
engine.subscribe(Journal(Path(sys.argv[1]) / "journal"))
engine.subscribe(tell)
engine(bp.scan([det], motor, 0, 1, 50))
"""


def test_the_run_of_a_killed_engine_is_closed_as_failed_with_its_points(shared_data, opened):
    data = shared_data
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    ensure_catalogue(data, wait=False)
    said = []
    while [name for name, _ in said].count("event") < 7:
        said.append(engine.stdout.readline().split())
    uid = said[0][1]
    engine.send_signal(signal.SIGKILL)
    engine.wait(30)
    engine.stdin.close()
    engine.stdout.close()
    wait_until_readable(data, uid)
    found = runs.find(data, uid)
    assert found.status == "fail"
    assert "the engine died" in found.reason
    assert found.points == 7
    table = opened(data)[uid].primary.read()
    assert table.sizes["time"] == 7
    (path,) = (one for one in journals(data / "journal") if one.stem == uid)
    assert read(path).documents[-1][1]["exit_status"] == "fail"


def test_a_catalogue_directory_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"catalogue directory .*cannot be written"):
        ensure_catalogue(tmp_path / "file")
    monkeypatch.setenv("TERASU_MIN_FREE_MB", "1e11")
    with pytest.raises(Refused, match="MB free"):
        ensure_catalogue(tmp_path)


def test_a_process_that_cannot_start_says_why(tmp_path):
    from daq.errors import DataError

    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "catalog.db").write_text("this is no database")
    with pytest.raises(DataError, match=r"did not start: .*catalog\.db: file is not a database; move .*made anew"):
        ensure_catalogue(tmp_path)


READER = """
import os, sys
import databroker
uid = sys.argv[1]
for _ in sys.stdin:
    catalogue = databroker.from_profile("terasu")
    run = catalogue[uid]
    table = run.primary.read()
    print(run.start["uid"], run.stop["exit_status"], table.sizes["time"], float(table["i0"].sum()), flush=True)
    for change in (lambda: catalogue.create_container("mine"), lambda: run.update_metadata({"mine": 1})):
        try:
            change()
        except Exception as error:
            print("refused", type(error).__name__, flush=True)
        else:
            print("written", flush=True)
"""


@pytest.mark.full
def test_databroker_reads_the_run_in_a_plain_process(shared_data, record, tmp_path, monkeypatch):
    data = shared_data
    monkeypatch.setenv("TILED_PROFILES", str(tmp_path / "profiles"))
    uid = record(data)
    wait_until_readable(data, uid)
    written = subprocess.run(
        [sys.executable, "-c", "import sys; from pathlib import Path; from daq.catalogue import profile;"
         "print(profile.write(Path(sys.argv[1])))", str(data)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert written.stdout.strip() == str(tmp_path / "profiles" / "terasu.yml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TERASU_", "PYTHONPATH"))}
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, uid],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=elsewhere, env=environment,
    )  # fmt: skip

    def ask():
        reader.stdin.write("\n")
        reader.stdin.flush()
        return [reader.stdout.readline().split() for _ in range(3)]

    first, *refused = ask()
    assert first[:3] == [uid, "success", "120"]
    assert [one[0] for one in refused] == ["refused", "refused"]
    kill(data)  # leaves its write-ahead logs behind
    assert ask()[0] == first
    reader.stdin.close()
    assert reader.wait(30) == 0
    reader.stdout.close()
    assert running(data) is None


def test_a_profile_for_other_data_is_not_overwritten_unasked(tmp_path, monkeypatch):
    from daq.catalogue import profile
    from daq.errors import DataError

    monkeypatch.setattr(profile, "folder", lambda: tmp_path / "profiles")
    path = profile.write(tmp_path / "a")
    assert profile.write(tmp_path / "a") == path
    with pytest.raises(DataError, match="another profile of that name"):
        profile.write(tmp_path / "b")
    profile.write(tmp_path / "b", overwrite=True)
    assert "/b/catalogue/catalog.db" in path.read_text()
