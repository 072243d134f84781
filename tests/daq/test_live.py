import io

from bluesky import RunEngine
from bluesky.plans import scan
from ophyd.sim import det, motor

from daq.live import Column, LiveView


def test_table_takes_its_columns_from_the_hints():
    out = io.StringIO()
    RunEngine({}, context_managers=[])(scan([det], motor, 0, 1, 3), LiveView(out=out, bar=False))
    heading, units, *rows = out.getvalue().splitlines()
    assert heading.split() == ["point", "motor", "det"]
    assert units.strip() == ""
    assert [row.split()[:2] for row in rows] == [["1", "0.000"], ["2", "0.500"], ["3", "1.000"]]


def test_baseline_makes_no_rows():
    from bluesky.preprocessors import SupplementalData

    out = io.StringIO()
    engine = RunEngine({}, context_managers=[])
    engine.preprocessors.append(SupplementalData(baseline=[motor]))
    engine(scan([det], motor, 0, 1, 2), LiveView(out=out, bar=False))
    assert len(out.getvalue().splitlines()) == 4


def test_a_number_too_small_for_its_precision_is_not_shown_as_zero():
    column = Column("i0", {"dtype": "number", "precision": 3, "units": "A"})
    assert column.show(2e-7).strip() == "2.000e-07"
    assert column.show(0.0).strip() == "0.000"
    assert column.show(1.23456).strip() == "1.235"
