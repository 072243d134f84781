import pytest

from beam.errors import UnknownName
from daq.errors import DataError, UsageError
from daq.shell.presets import PresetError, Presets


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path, "bl09u", "../2026A/1", simulated=False)


def test_the_latest_of_a_name_holds_and_the_earlier_stays(presets):
    presets.save("a", {"energy": 1.0}, {"energy": "eV"})
    presets.save("b", {"energy": 2.0}, {"energy": "eV"})
    presets.save("a", {"energy": 3.0}, {"energy": "eV"})
    assert presets.find("a").positions == {"energy": 3.0}
    assert [one.version for one in presets.history()] == [1, 2, 3]
    with pytest.raises(UnknownName, match="known: a, b"):
        presets.find("c")


def test_proposals_and_simulations_are_kept_apart(presets, tmp_path):
    presets.save("a", {"energy": 1.0}, {"energy": "eV"})
    assert presets.path.parent == tmp_path / "presets" / "bl09u"  # whatever a proposal is called
    assert Presets(tmp_path, "bl09u", "../2026A/1", simulated=True).all() == {}
    assert Presets(tmp_path, "bl09u", None, simulated=False).all() == {}


@pytest.mark.parametrize(("name", "at"), [("", 1.0), ("   ", 1.0), ("a\nb", 1.0), ("x" * 81, 1.0), ("a", float("nan"))])
def test_what_is_no_name_or_no_place_is_refused(presets, name, at):
    with pytest.raises(UsageError):
        presets.save(name, {"energy": at}, {})
    assert presets.history() == []


def test_a_line_without_its_end_is_no_preset_and_is_removed(presets):
    presets.save("a", {"energy": 1.0}, {})
    with presets.path.open("ab") as file:
        file.write(b'{"name": "b", "vers')
    assert list(presets.all()) == ["a"]
    presets.save("c", {"energy": 2.0}, {})
    assert list(presets.all()) == ["a", "c"]


def test_a_damaged_line_is_named_and_nothing_is_written(presets):
    presets.save("a", {"energy": 1.0}, {})
    presets.path.write_bytes(presets.path.read_bytes() + b"{}\n")
    before = presets.path.read_bytes()
    for act in (presets.all, lambda: presets.save("b", {"energy": 1.0}, {})):
        with pytest.raises(PresetError, match="line 2: is damaged"):
            act()
    assert presets.path.read_bytes() == before


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "presets").write_text("a file")
    with pytest.raises(DataError, match="cannot be written"):
        Presets(tmp_path, "bl09u", None, simulated=False).save("a", {"energy": 1.0}, {})
