import pytest

from beam.errors import UnknownName
from daq.cli import parser


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


def test_an_unknown_beamline_is_refused():
    with pytest.raises(UnknownName, match="bl09u"):
        call("bl99u")
