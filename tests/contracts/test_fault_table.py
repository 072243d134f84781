"""The table of faults in the documentation is the code's own."""

from pathlib import Path

import pytest

from beam import bench, facts
from ioc_sim.faults import page
from ioc_sim.faults.table import FAULTS
from ioc_sim.inventory import inventory

PAGE = Path(__file__).parents[2] / "docs/reference/simulator.md"


def test_the_page_shows_the_table_as_it_is():
    text = PAGE.read_text(encoding="utf-8")
    assert page.renewed(text) == text, "run: python -m ioc_sim.faults.page docs/reference/simulator.md"
    for fault in FAULTS.values():
        assert text.count(f"| `{fault.name}` |") == 1
        assert all(f"`{one.name}=" in text for one in fault.arguments)


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        page.renewed("# a page\n")


def test_every_pv_by_which_a_server_speaks_of_itself_is_documented():
    facility, beamline = facts.load("bl09u")
    served = {*inventory(facility, beamline), *inventory(facility, bench.load("bench"))}
    text = PAGE.read_text(encoding="utf-8")
    own = {pv.partition("SIM:")[2] for pv in served if "SIM:" in pv}
    assert {"Simulated", "Token", "Pause"} <= own
    assert [name for name in sorted(own) if f"SIM:{name}`" not in text] == []
