import pytest

from beam import bench, facts
from beam.figures import LABELS, figures, unit_of


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("gap_mm", "mm"),
        ("velocity_deg_per_s", "deg/s"),
        ("gain_v_per_a", "V/A"),
        ("noise_v_per_rt_hz", "V/√Hz"),
        ("lines_per_mm", "1/mm"),
        ("electrons_per_kev", "1/keV"),
        ("density_g_cm3", "g/cm³"),
        ("emittance_nm_rad", "nm rad"),
        ("refill_rate_ma_per_s", "mA/s"),
        ("periods", ""),
        ("periods_per_segment", ""),
        ("k", ""),
    ],
)
def test_units_are_read_from_keys(key, unit):
    assert unit_of(key) == unit


def test_each_figure_says_where_it_comes_from(bl13u, config):
    ring, soft = bl13u[0].ring, bl13u[1]
    tables = [ring, soft, facts.load("bl09u", config)[1], bench.load("bench", config)]
    found = [one for table in tables for one in figures(table)]
    assert len(found) > 300
    assert {one.label for one in found} == set(LABELS) - {"unlabelled"}
    assert all(one.citation for one in found if one.label == "sourced")


def test_the_ring(bl13u):
    by_key = {one.key: one for one in figures(bl13u[0].ring, "ring")}
    energy = by_key["ring.energy_gev"]
    assert (energy.value, energy.unit, energy.label) == (3.0, "GeV", "sourced")
    assert "QST" in energy.citation
    assert by_key["ring.circumference_m"].label == "recalled"
    assert by_key["ring.lifetime_h"].label == "assumed"


def test_axes_rows_and_tables_within_tables(bl13u):
    by_key = {one.key: one for one in figures(bl13u[1])}
    assert by_key["devices.undulator.phases.2.high_mm"].unit == "mm"
    assert by_key["devices.undulator.harmonics"].value == (1, 3, 5)
    assert by_key["devices.magnet.high_t"].unit == "T"
    assert by_key["devices.pgm.gratings.g600.efficiency.3"].value == 0.006
    assert not [key for key in by_key if key.endswith(("precision", "channel", "schema_version"))]


def test_a_figure_without_source_is_told(bl13u):
    without = bl13u[0].ring.model_copy(update={"source": {}})
    assert {one.label for one in figures(without)} == {"unlabelled"}
