import json

import pytest

from beam import soft_kinds
from beam.errors import UnknownName
from beam.figures import Figure, figures
from daq.cli import parser
from daq.commands.facts import table


def call(*words):
    arguments = parser().parse_args(["facts", *words])
    return arguments.run(arguments)


def test_figures_are_printed_with_unit_and_label(capsys):
    assert call("bl09u") == 0
    *lines, total = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["devices.undulator.period_mm"] == ["22", "mm", "assumed"]
    assert rows["ring.energy_gev"][:4] == ["3", "GeV", "sourced", "QST/PhoSIC,"]
    assert rows["ring.circumference_m"][:3] == ["348.843", "m", "recalled"]
    assert total.startswith(f"{len(lines)} figures: 10 sourced, ")


def test_a_bench_has_figures_too(capsys):
    assert call("bench") == 0
    assert "ring." not in capsys.readouterr().out


def test_as_json_each_figure_is_whole(capsys):
    assert call("bl09u", "--json") == 0
    by_key = {one["key"]: one for one in json.loads(capsys.readouterr().out)}
    energy = by_key["ring.energy_gev"]
    assert (energy["value"], energy["unit"], energy["label"]) == (3.0, "GeV", "sourced")
    assert energy["citation"].startswith("QST/PhoSIC")
    assert by_key["devices.dcm.miller"]["value"] == [1, 1, 1]


def test_on_a_terminal_there_is_a_head_and_no_line_is_too_long():
    long = Figure("ring.energy_gev", 3.0, "GeV", "sourced", "status report " * 20)
    head, rule, line = table([long], 60)
    assert head.split() == ["figure", "value", "unit", "label", "source"]
    assert set(rule) == {"─"}
    assert (len(rule), len(line), line[-1]) == (60, 60, "…")
    assert table([long])[0].endswith("report")


def test_a_soft_beamline_has_its_figures_in_the_same_table():
    grating = soft_kinds.Grating(
        lines_per_mm=600, position_mm=0, min_ev=180, max_ev=800, efficiency={1: 0.12}, source={"default": "recalled"}
    )
    rows = {line.split()[0]: line.split()[1:] for line in table(figures(grating, "g600"))}
    assert rows["g600.lines_per_mm"] == ["600", "1/mm", "recalled"]
    assert rows["g600.efficiency.1"] == ["0.12", "recalled"]


def test_an_unknown_beamline_is_refused():
    with pytest.raises(UnknownName, match="bl09u"):
        call("bl99u")
