"""Bad input gets one clear line at once, and nothing is opened."""

import re

import pytest

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")

REFUSED = [
    (("bl99u", "count"), 3, "bl09u"),
    (("bl09u", "xass", "edge=Fe K"), 3, "did you mean.*xas"),
    (("bl09u", "xas", "egde=Fe K"), 3, "did you mean.*edge"),
    (("bl09u", "xas"), 2, "edge"),
    (("bl09u", "xas", "edge=Fr K9"), 3, "unknown.*edge"),
    (("bl09u", "xas", "edge=Au K"), 3, r"2100 … 15000 eV"),
    (("bl09u", "scan", "energy", "1500", "1600", "num=3"), 3, r"2100 … 15000 eV"),
]


@pytest.mark.parametrize(
    ("words", "status", "message"), REFUSED, ids=lambda one: " ".join(one)[:30] if isinstance(one, tuple) else ""
)
def test_what_makes_no_sense_is_refused_at_once_and_nothing_is_opened(terasu, words, status, message):
    answer = terasu.command("run", *words, *SIM)
    assert answer.returncode == status, answer.stderr
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("terasu: ")]
    assert re.search(message, line)
    assert not list((terasu.data / "journal").glob("*/*.jsonl"))


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
