"""An interrupted spectrum goes on where it was, whoever asks, and both runs are exported as one."""

import csv
import json
import os
import signal
import subprocess
import sys

import pytest

from daq.journal_reader import read
from tests.chain.test_queue_survival import points, stop_of, wait_for_points
from tests.harness import ROOT
from tests.queue_driver import Queue

pytestmark = pytest.mark.full
SPECTRUM = ("xas", "Fe K", "regions=-10:10:1:2", "--id", "spectrum")
ENERGIES = [7102.0 + n for n in range(21)]


@pytest.fixture
def queue(tmp_path):
    one = Queue(tmp_path / "data", scale=5.0)
    one.up()
    yield one
    one.close()


def interrupt(queue):
    """Run the next item until some points are there, and kill its worker; return its journal."""
    before, worker = len(queue.journals()), queue.json("list")["processes"]["worker"]
    queue.text("start")
    while len(queue.journals()) == before:
        queue.json("list")
    path = wait_for_points(queue, 4)
    os.kill(worker, signal.SIGKILL)
    queue.wait_until_stopped()
    stop_of(queue, path)
    return path


def exported(queue, uid, file, *words):
    command = [sys.executable, "-m", "daq.cli", "data", "export", uid, str(file), *words]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **queue.environment}, check=True, capture_output=True)
    lines = file.read_text().splitlines()
    return [float(row["energy_setpoint [eV]"]) for row in csv.DictReader(lines[1:])]


def test_a_spectrum_that_was_killed_twice_is_one_spectrum(queue, tmp_path):
    queue.text("add", *SPECTRUM)
    first = interrupt(queue)
    queue.text("resume", first.stem[:8])
    (waits,) = queue.json("list")["items"]
    assert (waits["name"], waits["args"]) == ("resume", [first.stem])
    # the batch that it came from would not be queued again
    assert queue.json("add", *SPECTRUM)["known"] == 1

    second = interrupt(queue)
    assert read(second).documents[0][1]["continues"]["uid"] == first.stem
    assert "was gone on with already" in queue.command("resume", first.stem).stderr
    queue.text("resume", second.stem)
    queue.text("start")
    queue.text("watch", "--until-stopped")
    third = queue.journals()[-1]
    assert stop_of(queue, third)["exit_status"] == "success"
    assert "is complete" in queue.command("resume", third.stem).stderr
    link = read(third).documents[0][1]["continues"]
    assert link["first"] == first.stem
    assert link["taken"] == points(first) + points(second)

    for number, uid in enumerate((first.stem, second.stem, third.stem)):
        assert exported(queue, uid, tmp_path / f"{number}.csv") == ENERGIES
    assert exported(queue, third.stem, tmp_path / "part.csv", "--part") == ENERGIES[link["taken"] :]


def test_other_clients_resume_as_well(queue):
    queue.text("add", "ascan", "energy", "7100", "7120", "20", "2")
    first = interrupt(queue)
    queue.qserver("queue", "clear")
    assert "'success': True" in queue.qserver(
        "queue", "add", "plan", json.dumps({"name": "resume", "args": [first.stem[:8]]})
    )
    queue.text("start")
    queue.text("watch", "--until-stopped")
    assert points(first) + points(queue.journals()[-1]) == 21
