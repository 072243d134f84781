import itertools
import json
import multiprocessing
import os

import pytest

from beam import facts
from beam.errors import OutOfReach, UnknownName
from daq.cli import main
from daq.errors import DataError, UsageError
from daq.settings import SettingsError, SettingsStore, adopt, known_settings
from daq.settings.known import find_setting
from tests.devices.fake_server import FakeServer

BRAGG, GAP = "dcm.bragg_offset_deg", "undulator.gap_offset_mm"


@pytest.fixture
def store(tmp_path):
    return SettingsStore(tmp_path, "bl09u", simulated=True)


@pytest.fixture(scope="module")
def known():
    return known_settings(facts.load("bl09u")[1])


def test_every_version_can_be_had_again(store):
    first = store.set({BRAGG: 0.001}, who="ann", run="abc", why="Fe foil")
    second = store.set({BRAGG: 0.002, GAP: 0.1}, who="bob")
    assert (first.version, first.who, first.run, first.why) == (1, "ann", "abc", "Fe foil")
    assert second.values == {BRAGG: 0.002, GAP: 0.1}
    assert [one.values for one in store.history()] == [{BRAGG: 0.001}, second.values]
    assert store.at(0).values == {}
    assert store.at(1) == first
    with pytest.raises(SettingsError, match="no version 3; there are 0 … 2"):
        store.at(3)


def test_reverting_adds_a_version(store):
    store.set({BRAGG: 0.001})
    store.set({BRAGG: 0.002, GAP: 0.1})
    back = store.revert(1)
    assert (back.version, back.values, back.changes) == (3, {BRAGG: 0.001}, {BRAGG: 0.001, GAP: None})
    assert store.revert(0).values == {}
    assert [one.version for one in store.history()] == [1, 2, 3, 4]


def test_what_is_set_already_makes_no_version(store):
    assert store.set({BRAGG: 0.001}) == store.set({BRAGG: 0.001})
    assert store.set({GAP: None}).version == 1


def test_the_real_beamline_has_its_own(tmp_path, store):
    store.set({BRAGG: 0.001})
    assert SettingsStore(tmp_path, "bl09u", simulated=False).history() == []


def test_a_line_that_was_never_finished_is_no_version(store):
    store.set({BRAGG: 0.001})
    with store.path.open("ab") as file:
        file.write(b'{"version": 2, "val')
    assert store.latest().version == 1
    assert store.set({BRAGG: 0.002}).version == 2
    assert [one.values[BRAGG] for one in store.history()] == [0.001, 0.002]


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b'{"version": 3}\n', b'{"version": 2, "values": {"a": Infinity}}\n', b'{"what": 1}\n']
)
def test_a_damaged_line_is_named_and_nothing_is_written(store, line):
    store.set({BRAGG: 0.001})
    with store.path.open("ab") as file:
        file.write(line)
    before = store.path.read_bytes()
    with pytest.raises(SettingsError, match="line 2: is damaged"):
        store.latest()
    with pytest.raises(SettingsError, match="line 2: is damaged"):
        store.set({BRAGG: 0.002})
    assert store.path.read_bytes() == before


def test_a_disk_that_refuses_changes_nothing(store, monkeypatch):
    store.set({BRAGG: 0.001})
    before = store.path.read_bytes()
    write = os.write

    def full(handle, data):
        if data.startswith(b'{"version"'):
            return write(handle, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DataError, match="No space left"):
        store.set({BRAGG: 0.002})
    assert store.path.read_bytes() == before


def count(directory, name, times):
    one = SettingsStore(directory, "bl09u", simulated=True)
    for number in range(times):
        one.set({name: float(number + 1)})


def test_two_processes_lose_nothing_of_each_other(tmp_path, store):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=count, args=(tmp_path, name, 25)) for name in ("a", "b")]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
        assert one.exitcode == 0
    history = store.history()
    assert [one.version for one in history] == list(range(1, 51))
    assert history[-1].values == {"a": 25.0, "b": 25.0}
    for before, after in itertools.pairwise(history):
        assert {**before.values, **after.changes} == after.values


def test_values_are_checked_with_their_unit(known):
    assert find_setting(known, BRAGG).parsed("0.002 deg") == 0.002
    assert find_setting(known, BRAGG).parsed("-2e-3") == -0.002
    for text in ("0.002 rad", "2m", "", "nan", "wide"):
        with pytest.raises(UsageError, match="deg"):
            find_setting(known, BRAGG).parsed(text)
    with pytest.raises(OutOfReach, match=r"= 0\.2 deg: -0\.05 … 0.05 is allowed"):
        find_setting(known, BRAGG).parsed("0.2")
    with pytest.raises(UnknownName, match=r"did you mean dcm\.bragg_offset_deg"):
        find_setting(known, "dcm.brag_offset_deg")


@pytest.fixture
def tree():
    import beamlines

    facility, beamline = facts.load("bl09u")
    return beamlines.page_of("bl09u")(facility, beamline, FakeServer())  # no channel: those of this process are others'


def test_devices_drive_by_the_settings(tree, store, known):
    adopt(tree, store)
    plain = tree.dcm.angles_for(8000.0)
    store.set({BRAGG: 0.002, "dcm.d_angstrom": known["dcm.d_angstrom"].default * 1.0001})
    recorded = adopt(tree, store)
    assert recorded == {
        "version": 1,
        "values": {
            "dcm": {"bragg_offset_deg": 0.002, "d_angstrom": known["dcm.d_angstrom"].default * 1.0001},
            "undulator": {"gap_offset_mm": 0.0},
        },
    }
    turned = tree.dcm.angles_for(8000.0)
    assert turned["bragg"] < plain["bragg"] - 0.002  # less by the offset, and by the wider planes
    assert tree.dcm.energy_at(turned["bragg"]) == pytest.approx(8000.0, abs=1e-6)
    store.revert(0)
    adopt(tree, store)
    assert tree.dcm.angles_for(8000.0) == plain


@pytest.mark.parametrize("changes", [{"mirror.pitch": 1.0}, {BRAGG: 5.0}])
def test_settings_that_do_not_fit_are_refused_before_a_device_has_them(tree, store, changes):
    store.set({"undulator.gap_offset_mm": 0.1, **changes})
    with pytest.raises(SettingsError, match=r"version 1: .*`terasu settings set bl09u .*=` unsets it"):
        adopt(tree, store)
    assert tree.undulator.gap_offset_mm == 0.0


def test_the_command_shows_who_set_what(tmp_path, capsys):
    data = ["--data", str(tmp_path), "--sim"]
    assert main(["settings", "set", "bl09u", f"{BRAGG}=0.001 deg", "--why", "Fe foil", "--operator", "ann", *data]) == 0
    assert main(["settings", "set", "bl09u", f"{BRAGG}=", f"{GAP}=0.2", "--operator", "bob", *data]) == 0
    assert main(["settings", "show", "bl09u", "--history", *data]) == 0
    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert first.startswith("version 1: ")
    assert "ann@" in first
    assert first.endswith(f"(Fe foil): {BRAGG} = 0.001")
    assert second.endswith(f"{BRAGG} = default, {GAP} = 0.2")
    assert main(["settings", "show", "bl09u", *data]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == [GAP, "0.2"] and "version 2" in line for line in lines)
    assert any(line.split()[:2] == [BRAGG, "0"] and "default" in line for line in lines)
    assert main(["settings", "diff", "bl09u", *data]) == 0
    assert f"{BRAGG}         0.001 -> default deg" in capsys.readouterr().out
    assert main(["settings", "revert", "bl09u", "1", *data]) == 0
    capsys.readouterr()
    assert main(["settings", "show", "bl09u", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["values"] == {BRAGG: 0.001}


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["set", "bl09u", "dcm.brag=1"], 3, "unknown setting"),
        (["set", "bl09u", "dcm.brag="], 3, "unknown setting"),
        (["set", "bl09u", f"{BRAGG}=1"], 3, "is allowed"),
        (["set", "bl09u", BRAGG], 2, "NAME=VALUE"),
        (["set", "bl09u", f"{BRAGG}=0", f"{BRAGG}=0"], 2, "twice"),
        (["revert", "bl09u", "7"], 3, "no version 7"),
        (["diff", "bl09u", "1", "2"], 3, "no version"),
        (["show", "bl10u"], 3, "unknown beamline"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, capsys, words, status, says):
    assert main(["settings", *words, "--data", str(tmp_path)]) == status
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("settings/*"))
