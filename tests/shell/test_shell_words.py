import pytest

from beam.errors import UnknownName
from daq.errors import UsageError
from daq.shell.words import RUN, device, split, transformer, value

LINE = transformer(lambda name, alone: name in ("mv", "wa", "note") and (not alone or name == "wa"))


@pytest.mark.parametrize("text", ["mv energy 7112", "wa", 'note "it\'s odd"', "mv dcm.pitch -3", "note what (now"])
def test_lines_that_are_no_python_are_commands(text):
    assert LINE([text + "\n"]) == [f"{RUN}({text!r})\n"]


@pytest.mark.parametrize(
    "text",
    ["mv(energy, 7112)", "mv = 3", "mv - 5", "mv", "x = 1", "mv?", "mv ?", "for one in wa: pass", "", "move a 1"],
)
def test_python_stays_python(text):
    assert LINE([text + "\n"]) == [text + "\n"]


def test_cells_of_several_lines_are_python():
    cell = ["mv energy 7112\n", "wa\n"]
    assert LINE(cell) == cell


def test_words_are_held_together_by_quotes_and_brackets():
    assert split(' "sample A"  energy [a, b] (1 + 2) -3') == ['"sample A"', "energy", "[a, b]", "(1 + 2)", "-3"]
    with pytest.raises(UsageError, match="does not end"):
        split('"sample A')


def test_what_words_stand_for(bl):
    mine = {"e0": 7000, "open": open, "energy": bl.energy}
    assert value("energy", bl, mine) is bl.energy
    assert value("dcm.pitch", bl, mine) is bl.dcm.pitch
    assert value("e0+112", bl, mine) == 7112
    assert value("-1.5e3", bl, mine) == -1500
    assert value('"e0"', bl, mine) == "e0"
    assert value("open", bl, mine) == "open"  # a shutter's word
    assert value("nowhere", bl, mine) == "nowhere"
    with pytest.raises(UsageError, match="e0/0"):
        value("e0/0", bl, mine)


def test_a_device_that_is_not_there(bl):
    with pytest.raises(UnknownName, match=r"energi.*energy"):
        device("energi", bl)
