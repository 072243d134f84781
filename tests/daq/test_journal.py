import fcntl
import os
import subprocess
import sys

import pytest

from daq.errors import DataError, Refused
from daq.journal import Journal
from daq.journal_reader import Tail, close_abandoned, journals, read


def only(directory):
    (path,) = journals(directory)
    return path


def test_every_document_is_on_disk_when_the_callback_returns(tmp_path, new_run):
    journal = Journal(tmp_path)
    documents = new_run()
    for count, (name, doc) in enumerate(documents, 1):
        journal(name, doc)
        contents = read(only(tmp_path))
        assert len(contents.documents) == count
        assert contents.torn == 0
    assert [name for name, _ in contents.documents] == [name for name, _ in documents]
    assert contents.documents[5][1] == documents[5][1]


def test_the_run_engine_writes_what_it_emits(tmp_path):
    import bluesky.plans as bp
    from bluesky.run_engine import RunEngine
    from ophyd.sim import det, motor

    engine = RunEngine({})
    engine.subscribe(Journal(tmp_path))
    seen = []
    (uid,) = engine(bp.scan([det], motor, 0, 1, 3), lambda name, doc: seen.append((name, doc)))
    contents = read(only(tmp_path))
    assert contents.path.stem == uid
    assert [(name, doc["uid"]) for name, doc in contents.documents] == [(name, doc["uid"]) for name, doc in seen]


def test_two_open_runs_do_not_mix(tmp_path, new_run):
    journal = Journal(tmp_path)
    first, second = new_run(), new_run()
    for one, other in zip(first, second, strict=True):
        journal(*one)
        journal(*other)
    for documents in (first, second):
        (path,) = tmp_path.glob(f"*/{documents[0][1]['uid']}.jsonl")
        assert read(path).documents[1:3] == documents[1:3]


def test_the_writer_holds_the_lock_until_the_run_is_closed(tmp_path, new_run):
    journal = Journal(tmp_path)
    *documents, stop = new_run()
    for one in documents:
        journal(*one)
    tail = Tail(only(tmp_path))
    assert not tail.writer_is_gone()
    assert not close_abandoned(tail.path)
    journal(*stop)
    assert tail.writer_is_gone()
    tail.close()


def test_what_is_synced_and_when(tmp_path, new_run, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), real(handle)))
    journal = Journal(tmp_path, sync_interval_s=1000.0)
    start, *documents, stop = new_run()
    journal(*start)
    assert len(synced) == 2  # the file and its directory
    for one in documents:
        journal(*one)
    assert len(synced) == 2  # not on the way of the points
    journal(*stop)
    assert len(synced) == 3


def test_an_open_journal_is_synced_by_a_thread_of_its_own(tmp_path, new_run, monkeypatch):
    import threading

    synced = threading.Event()
    journal = Journal(tmp_path, sync_interval_s=0.01)
    start, *documents, stop = new_run()
    journal(*start)
    here = threading.get_ident()
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (real(handle), threading.get_ident() != here and synced.set()))
    journal(*documents[0])
    assert synced.wait(10)
    journal(*stop)


def test_a_document_of_no_open_run_is_refused(tmp_path, new_run):
    journal = Journal(tmp_path)
    documents = new_run()
    for one in documents:
        journal(*one)
    with pytest.raises(DataError, match="belongs to no run that is open"):
        journal(*documents[3])


def test_a_run_that_is_there_is_never_written_over(tmp_path, new_run):
    documents = new_run()
    for one in documents:
        Journal(tmp_path)(*one) if one[0] == "start" else None
    with pytest.raises(DataError, match="cannot be opened: File exists"):
        Journal(tmp_path)(*documents[0])


def test_a_directory_that_cannot_be_written_is_refused_before_the_run(tmp_path, new_run):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"journal directory .*cannot be written: Not a directory"):
        Journal.check(tmp_path / "file" / "journal")
    with pytest.raises(DataError, match="cannot be opened: Not a directory"):
        Journal(tmp_path / "file" / "journal")(*new_run()[0])


def test_a_disk_nearly_full_is_refused_before_the_run(tmp_path, monkeypatch):
    with pytest.raises(Refused, match="MB free on its disk, 1000000000 MB must be"):
        Journal.check(tmp_path, wanted_mb=1e9)
    monkeypatch.setenv("TERASU_MIN_FREE_MB", "1e11")
    with pytest.raises(Refused, match="must be"):
        Journal.check(tmp_path)
    monkeypatch.setenv("TERASU_MIN_FREE_MB", "0")
    Journal.check(tmp_path / "new")
    assert (tmp_path / "new").is_dir()


FULL = """
import resource, sys
from pathlib import Path
import bluesky.plans as bp
from bluesky.run_engine import RunEngine
from ophyd.sim import det, motor
from daq.errors import DataError
from daq.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
engine = RunEngine({})
engine.subscribe(Journal(Path(sys.argv[1])))
points = []
try:
    engine(bp.scan([det], motor, 0, 1, 500), lambda name, doc: points.append(name))
except DataError as error:
    print(points.count("event"), error)
"""


def test_a_refused_write_fails_the_run_and_leaves_no_torn_line(tmp_path):
    # a limit on the size of files refuses writes just as a full disk does
    answer = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    points, said = answer.stdout.split(maxsplit=1)
    assert "cannot be written: File too large; the run cannot go on" in said
    contents = read(only(tmp_path))
    assert contents.torn == 0
    events = [doc for name, doc in contents.documents if name == "event"]
    assert 0 < int(points) <= len(events) < 500
    last, stop = contents.documents[-1]
    if last == "stop":  # it found room
        assert stop["exit_status"] != "success"


def test_after_a_refused_write_the_run_cannot_close_as_success(tmp_path, new_run):
    journal = Journal(tmp_path)
    start, descriptor, *_, stop = new_run()
    journal(*start)
    journal(*descriptor)
    run = next(iter(journal._runs.values()))
    reader = os.open(run.path, os.O_RDONLY)
    os.dup2(reader, run.handle)  # writes to it fail from here
    os.close(reader)
    with pytest.raises(DataError, match="cannot be written: Bad file descriptor"):
        journal("descriptor", descriptor[1])
    with pytest.raises(DataError, match="the run cannot go on"):
        journal(*stop)
    assert read(run.path).documents[-1][0] == "descriptor"


def test_a_torn_last_line_is_tolerated_and_reported(tmp_path, new_run):
    journal = Journal(tmp_path)
    for one in new_run()[:6]:
        journal(*one)
    path = only(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"name":"event","doc":{"uid":"')
    contents = read(path)
    assert len(contents.documents) == 6
    assert contents.torn == 30


def test_a_damaged_line_is_named(tmp_path, new_run):
    journal = Journal(tmp_path)
    for one in new_run():
        journal(*one)
    path = only(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3][:50] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"\.jsonl, line 4: "):
        read(path)


def test_a_tail_gives_each_document_once(tmp_path, new_run):
    journal = Journal(tmp_path)
    documents = new_run()
    journal(*documents[0])
    tail = Tail(only(tmp_path))
    assert [name for name, _ in tail.poll()] == ["start"]
    assert tail.poll() == []
    for one in documents[1:]:
        journal(*one)
    assert len(tail.poll()) == len(documents) - 1
    assert tail.poll() == []
    tail.close()


def test_the_journal_of_a_dead_engine_is_closed_as_failed(tmp_path, new_run):
    start, *_ = documents = new_run()
    journal = Journal(tmp_path)
    for one in documents[:12]:
        journal(*one)
    path = only(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"name":"event","doc":{"uid":"')
    fcntl.flock(next(iter(journal._runs.values())).handle, fcntl.LOCK_UN)  # as the kernel does for a dead process
    assert close_abandoned(path)
    contents = read(path)
    name, stop = contents.documents[-1]
    assert name == "stop"
    assert contents.torn == 0
    assert stop["run_start"] == start[1]["uid"]
    assert stop["exit_status"] == "fail"
    assert "the engine died" in stop["reason"]
    assert "30 bytes of an unfinished document dropped" in stop["reason"]
    taken = [doc for kind, doc in documents[:12] if kind == "event"]
    assert sum(stop["num_events"].values()) == len(taken)
    assert not close_abandoned(path)
