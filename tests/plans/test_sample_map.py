"""Maps of a sample and series of spectra over temperature, on devices in process."""

import pytest
from bluesky.plan_stubs import mv

from beam.errors import OutOfReach, UnknownName
from daq.check_plan import MadePlan
from daq.errors import Refused
from devices.errors import NoLight
from plans import quick_xas, sample_map
from plans.energy_scan import BadScan

FEW = "-20:-5:5 -5:5:5"


@pytest.fixture
def of_map(engine, bl, roles):
    engine(mv(bl.energy, 7112.0))
    return {**roles, "stage": bl.sample_stage, "sdd": bl.sdd}


@pytest.fixture
def of_series(bl, roles):
    return {**roles, "temperature": bl.temperature}


def places(docs):
    return [(event["sample_stage_x"], event["sample_stage_y"]) for event in docs.events()]


def test_a_map_goes_to_and_fro(engine, docs, bl, of_map):
    engine(sample_map(-1, 1, 3, 0, 1, 2, 0.2, **of_map))
    assert places(docs) == [(-1, 0), (0, 0), (1, 0), (1, 1), (0, 1), (-1, 1)]
    start = docs.of("start")[0]
    assert (start["shape"], start["snaking"], start["num_points"]) == ([2, 3], [False, True], 6)
    assert start["extents"] == [[0, 1], [-1, 1]]
    event = docs.events()[0]
    assert {"i0", "it", "sdd_fe_ka", "sdd_spectrum", "ring_current", "energy"} <= event.keys()
    assert (event["count_time"], event["sdd_real_time"]) == (0.2, 0.2)
    assert (bl.sample_stage.x.position, bl.sample_stage.y.position) == (0.0, 0.0)
    assert not bl.shutter.is_open


def test_a_map_without_snake_begins_each_row_anew(engine, docs, of_map):
    engine(sample_map(-1, 1, 3, 0, 1, 2, snake=False, **of_map))
    assert places(docs) == [(-1, 0), (0, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]


def test_a_map_goes_to_its_energy_first(engine, docs, bl, of_map):
    engine(sample_map(0, 0, 1, 0, 0, 1, energy_ev=7200.0, **of_map))
    assert docs.events()[0]["energy"] == pytest.approx(7200.0, abs=0.05)


def test_a_map_in_the_dark_is_refused(engine, docs, bl, of_map):
    engine(mv(bl.undulator.gap, 30.0))
    with pytest.raises(NoLight, match=r"energy 7112 eV: no light, the undulator's gap is 30 mm"):
        engine(sample_map(-1, 1, 3, 0, 1, 2, 0.2, **of_map))
    assert not docs.events()
    assert not bl.shutter.is_open
    made = MadePlan(sample_map, (-1, 1, 3, 0, 1, 2, 0.2), of_map)
    with pytest.raises(Refused, match="no light"):
        made.check()
    assert made.check(later=True).points == 6, "what is queued before it may set the energy"


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ((-1, 30, 3, 0, 1, 2), OutOfReach, r"sample_stage_x 30 mm: allowed -25 … 25 mm"),
        ((-1, 1, 3, -26, 1, 2), OutOfReach, r"sample_stage_y -26 mm: allowed"),
        ((-1, 1, 0, 0, 1, 2), BadScan, "x_num = 0"),
        ((-1, 1, 3, 0, float("nan"), 2), BadScan, "must be numbers"),
        ((-1, 1, 3, 0, 1, 2, 0.0), BadScan, "dwell_s 0 s"),
    ],
)
def test_a_map_that_cannot_be_is_refused_before_anything_moves(engine, docs, server, of_map, where, error, words):
    before = list(server.writes)
    with pytest.raises(error, match=words):
        engine(sample_map(*where, **of_map))
    assert server.writes == before
    assert docs.of("start") == []


def test_a_series_takes_its_spectra_at_each_temperature(engine, docs, bl, of_series):
    engine(quick_xas("Fe K", [300.0, 350.0], repeats=2, regions=FEW, **of_series))
    starts = docs.of("start")
    assert [one["temperature_asked_k"] for one in starts] == [300.0, 300.0, 350.0, 350.0]
    assert [(one["series_index"], one["repeat"], one["series_num"]) for one in starts] == [
        (0, 0, 4),
        (1, 1, 4),
        (2, 0, 4),
        (3, 1, 4),
    ]
    assert len({one["series"] for one in starts}) == 1
    assert {one["plan_name"] for one in starts} == {"quick_xas"}
    assert all(one["edge"] == "Fe K" for one in starts)
    per_run = len(docs.events()) // 4
    assert [event["temperature"] for event in docs.events()[::per_run]] == [300.0, 300.0, 350.0, 350.0]
    assert bl.temperature.position == 350.0


def test_a_series_without_temperatures_leaves_the_temperature_alone(engine, docs, server, of_series):
    engine(quick_xas("Fe K", regions=FEW, **of_series))
    assert len(docs.of("start")) == 1
    assert not any(pv.startswith("BL09U:TEMP:") for pv, _ in server.writes)


@pytest.mark.parametrize(
    ("temperatures", "more", "error", "words"),
    [
        ([300.0, 1000.0], {}, OutOfReach, r"temperature 1000 K: allowed 80 … 900 K"),
        ([], {}, BadScan, "no temperatures"),
        ([300.0], {"repeats": 0}, BadScan, "repeats = 0"),
        ([300.0], {"edge": "Fe M9"}, UnknownName, "unknown edge"),
        ([300.0], {"edge": "U K"}, OutOfReach, "eV"),
    ],
)
def test_a_series_that_cannot_be_is_refused_before_anything_moves(
    engine, docs, server, of_series, temperatures, more, error, words
):
    asked = {"edge": "Fe K", "regions": FEW, **more}
    with pytest.raises(error, match=words):
        engine(quick_xas(temperatures=temperatures, **asked, **of_series))
    assert server.writes == []
