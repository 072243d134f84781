"""Bad input gets one clear line at once, and nothing is opened."""

import re

import pytest

from beam.errors import TerasuError, UnknownName
from daq import plan_call
from daq.check_plan import check_plan
from daq.errors import Refused, UsageError, exit_status

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")

COMMANDS = [
    (("bl99u", "count"), 3, "bl09u"),
    (("bl09u", "xass", "edge=Fe K"), 3, "did you mean.*xas"),
    (("bl09u", "xas", "edge=Au K"), 3, r"2100 … 15000 eV"),
]


@pytest.mark.parametrize(("words", "status", "message"), COMMANDS, ids=["beamline", "plan", "energy"])
def test_a_command_that_makes_no_sense_ends_with_one_line_and_opens_nothing(terasu, words, status, message):
    answer = terasu.command("run", *words, *SIM)
    assert answer.returncode == status, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("terasu: ")
    assert re.search(message, line)
    assert not list((terasu.data / "journal").glob("*/*.jsonl"))


CALLS = [
    ("xas egde=Fe", UnknownName, "did you mean.*edge"),
    ("xas", UsageError, "edge"),
    ("xas edge=FeK edge=CuK", UsageError, "edge is given twice"),
    ("xas edge=FrK9", Refused, "unknown.*edge"),
    ("xas edge=AuK", Refused, r"energy \d+.* eV.*2100 … 15000 eV"),
    ("scan energy 1500 1600 num=3", Refused, r"1500 eV.*2100 … 15000 eV"),
    ("scan dcm.pitch 0 1000 num=3", Refused, r"dcm_pitch .*urad.*-500 … 500 urad"),
]


@pytest.mark.parametrize(("text", "error", "message"), CALLS, ids=[text for text, *_ in CALLS])
def test_a_call_that_makes_no_sense_is_refused_before_anything_moves(acquire, text, error, message):
    name, *words = text.split()
    before = acquire.tree.dcm.bragg.position, acquire.tree.dcm.pitch.position

    def attempt():
        plan, args, kwargs = plan_call.call(name, words, acquire.tree)
        check_plan(plan, *args, **kwargs)

    with pytest.raises(TerasuError, match=message) as refused:
        attempt()
    assert isinstance(refused.value, error)
    assert exit_status(refused.value) == (2 if error is UsageError else 3)
    assert (acquire.tree.dcm.bragg.position, acquire.tree.dcm.pitch.position) == before


def test_servers_that_do_not_answer_are_named(terasu):
    answer = terasu.command("run", "bl09u", "count", environment={"EPICS_CA_ADDR_LIST": "127.0.0.1:1"})
    assert answer.returncode == 3
    assert "BL09U:" in answer.stderr
    assert "127.0.0.1:1" in answer.stderr


def test_a_data_directory_that_cannot_be_written_is_refused(terasu, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    answer = terasu.command("run", "bl09u", "count", *SIM, "--data", str(blocked))
    assert answer.returncode == 3
    assert str(blocked) in answer.stderr


def test_a_nearly_full_disk_is_refused_before_the_run(terasu):
    answer = terasu.command("run", "bl09u", "count", *SIM, environment={"TERASU_MIN_FREE_MB": "1e9"})
    assert answer.returncode == 3
    assert "MB free" in answer.stderr
