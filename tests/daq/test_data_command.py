import argparse
import json

import pytest

from daq import data_command
from daq.catalogue import wait_until_readable
from daq.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:tiled", "ignore::DeprecationWarning:bluesky")


@pytest.fixture
def terasu(shared_data, capsys):
    def call(*words):
        top = argparse.ArgumentParser()
        data_command.add_parser(top.add_subparsers())
        arguments = top.parse_args(["data", words[0], "--data", str(shared_data), *words[1:]])
        status = arguments.run(arguments)
        assert status == 0
        return capsys.readouterr().out

    return call


@pytest.fixture
def uid(shared_data, record):
    recorded = record(shared_data)
    wait_until_readable(shared_data, recorded)
    return recorded


def test_list_shows_the_latest_first(terasu, uid):
    heading, first, *_ = terasu("list").splitlines()
    assert heading.split() == ["uid", "scan", "started", "status", "points", "plan", "sample"]
    assert first.startswith(uid[:8])
    assert first.split()[-5:] == ["success", "120", "xas", "model", "foil"]
    assert json.loads(terasu("list", "--limit", "1", "--json"))["uid"] == uid


def test_show_tells_what_a_run_holds(terasu, uid):
    shown = terasu("show", uid[:13])
    assert f"run       {uid}" in shown
    assert "status    success" in shown
    assert "stream    primary: 120 events" in shown
    assert "energy_bragg [deg]" in shown
    assert json.loads(terasu("show", "last", "--json"))["streams"]["dark"] == {"count_time": "s", "i0": "", "it": ""}


def test_export_writes_the_file_and_says_so(terasu, uid, tmp_path):
    path = tmp_path / "a.xdi"
    assert terasu("export", uid, str(path)) == f"wrote {path}\n"
    assert f"# Terasu.run_uid: {uid}" in path.read_text()
    with pytest.raises(UsageError, match="exists already"):
        terasu("export", uid, str(path))
    terasu("export", uid, str(path), "--force")


@pytest.mark.parametrize("words", [["list", "--limit", "0"], ["show"], ["export", "last"], ["frobnicate"]])
def test_what_makes_no_sense_is_a_usage_error(terasu, words):
    with pytest.raises(SystemExit) as ended:
        terasu(*words)
    assert ended.value.code == 2
