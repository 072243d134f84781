"""Plans at an elliptical undulator: what they do, in which order, and what they refuse before anything moves."""

import pytest

from beam.errors import OutOfReach
from daq.check_plan import check_plan
from devices.errors import NotPermitted
from plans import energy_map, polarisation_scan, xmcd
from plans.dichroism import BadSequence, checked_sequence
from plans.energy_scan import BadScan
from plans.regions import BadRegion
from tests.plans.soft_light import roles

FEW = "-2:2:2"  # three energies


def taken(docs):
    return [(round(one["energy_setpoint"], 3), one["polarisation"], one["magnet"]) for one in docs.events()]


def test_a_whole_scan_for_each_letter(engine, docs, bl13u):
    engine(xmcd(regions=FEW, field_t=2.0, dark_s=1.0, **roles(bl13u, "xmcd")))
    energies = [704.8, 706.8, 708.8]
    letters = {"A": "circular+", "B": "circular-"}
    assert taken(docs) == [(one, letters[letter], 2.0) for letter in "ABBA" for one in energies]
    assert len(docs.events("dark")) == 1
    start = docs.of("start")[0]
    assert (start["num_points"], start["edge"], start["harmonic"]) == (12, "Fe L3", 1)
    about = start["xmcd"]
    assert (about["sequence"], about["reverse"], about["slope_power"]) == ("ABBA", "helicity", pytest.approx(1.6))
    assert about["circular_degree"] == pytest.approx(1.0, abs=1e-6)
    assert not bl13u.shutter.is_open
    assert bl13u.energy.polarisation_choice.get() == ""
    assert bl13u.energy.harmonic_choice.get() == 0


def test_all_letters_at_each_energy_by_shifters(engine, docs, bl13u, server):
    engine(xmcd(regions=FEW, sequence="abba", per="point", switching="shifters", **roles(bl13u, "xmcd")))
    events = taken(docs)
    assert [one[1][-1] for one in events] == list("+--+" * 3)
    assert [one[0] for one in events] == [704.8] * 4 + [706.8] * 4 + [708.8] * 4
    assert all(0.9 < abs(one["polarisation_p3"]) < 0.99 for one in docs.events())
    assert 0.9 < docs.of("start")[0]["xmcd"]["circular_degree"] < 0.99
    gaps = [value for address, value in server.writes if address == "BL13U:ID:Gap"]
    assert len(gaps) == 3  # one an energy: switching moves no magnet
    assert bl13u.undulator.switching.get() == "rows"


def test_the_field_is_reversed_and_the_helicity_stays(engine, docs, bl13u):
    plan = xmcd(regions=FEW, sequence="AB", reverse="field", field_t=-1.5, holes=3.4, **roles(bl13u, "xmcd"))
    engine(plan)
    assert [one[1:] for one in taken(docs)] == [("circular+", -1.5)] * 3 + [("circular+", 1.5)] * 3
    assert docs.of("start")[0]["xmcd"]["holes"] == 3.4


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"sequence": "ABB"}, BadSequence, r"'ABB' is of odd length 3: must be as many A as B, such as AB or ABBA"),
        ({"sequence": "ABBB"}, BadSequence, r"has 1 A and 3 B"),
        ({"sequence": "ABX"}, BadSequence, r"as many A as B"),
        ({"sequence": ""}, BadSequence, r"as many A as B"),
        ({"reverse": "time"}, BadSequence, r"allowed are 'helicity' and 'field'"),
        ({"reverse": "field"}, BadSequence, r"needs field_t"),
        ({"per": "day"}, BadSequence, r"'scan' and 'point'"),
        ({"field_t": 7.5}, OutOfReach, r"magnet 7.5 T: allowed -7 … 7 T"),
        ({"reverse": "field", "field_t": 9}, OutOfReach, r"magnet 9 T: allowed -7 … 7 T"),
        ({"helicity": "linear 45"}, OutOfReach, r"no helicity to reverse; circular and elliptic have"),
        ({"helicity": "left"}, OutOfReach, r"possible are horizontal"),
        ({"edge": "Fe K"}, BadRegion, r"of L2 and L3; say Fe L3"),
        ({"edge": "Ga L3"}, BadRegion, r"holes of the 3d shell; L3 of Sc, .* Cu would do"),
        ({"e0": 1700.0}, OutOfReach, r"circular\+ reaches 210.9 … 1494.7 eV"),
        ({"e0": 1490.0}, OutOfReach, r"within reach of horizontal"),
        ({"harmonic": 3}, OutOfReach, r"in circular\+ the harmonics in use are 1"),
        ({"switching": "magic"}, OutOfReach, r"allowed are rows, shifters"),
        ({"switching": "shifters", "helicity": "elliptic 0.5"}, OutOfReach, r"shifters there are circular\+"),
        ({"saturation": 1.5}, BadRegion, r"above 0 and up to 1"),
        ({"dark_s": -1}, BadRegion, r"0 s or more"),
        ({"dwell_s": [1.0, 2.0]}, BadRegion, r"1, or 3"),
    ],
)
def test_what_makes_no_dichroism_is_refused_before_anything_moves(bl13u, server, arguments, error, words):
    with pytest.raises(error, match=words):
        next(xmcd(**arguments, **roles(bl13u, "xmcd")))
    assert server.writes == []


def test_without_permission_or_light_to_be_had_nothing_begins(bl13u, server):
    server.post("BL13U:STN:Permit", 0)
    with pytest.raises(NotPermitted, match="shutter"):
        next(xmcd(regions=FEW, **roles(bl13u, "xmcd")))
    server.post("BL13U:STN:Permit", 1)
    server.post("BL13U:ID:Phase1:Permit", 0)
    for plan in (
        xmcd(regions=FEW, **roles(bl13u, "xmcd")),
        polarisation_scan(["vertical"], energy_ev=700.0, **roles(bl13u, "polarisation_scan")),
        energy_map(0, 1, 2, 0, 1, 2, [700.0], **roles(bl13u, "energy_map")),
    ):
        with pytest.raises(NotPermitted, match="motion is not permitted"):
            next(plan)
    assert server.writes == []


def test_a_sequence_may_be_written_small():
    assert checked_sequence(" abBA ") == "ABBA"


def test_maps_one_after_the_other(engine, docs, bl13u):
    light = (["circular+", "circular-"],)
    engine(energy_map(-1, 1, 3, 0, 1, 2, [700.0, 706.8], *light, **roles(bl13u, "energy_map")))
    found = [(one["stage_x"], one["stage_y"]) for one in docs.events()]
    grid = [(-1, 0), (0, 0), (1, 0), (1, 1), (0, 1), (-1, 1)]
    assert found == grid * 4
    lights = [(one["energy_setpoint"], one["polarisation"]) for one in docs.events()[::6]]
    assert lights == [(700, "circular+"), (700, "circular-"), (706.8, "circular+"), (706.8, "circular-")]
    start = docs.of("start")[0]
    assert (start["shape"], start["num_points"]) == ([4, 2, 3], 24)
    assert (bl13u.stage.x.position, bl13u.stage.y.position) == (0.0, 0.0)
    assert not bl13u.shutter.is_open


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0, 60, 2, 0, 1, 2, [700.0]), OutOfReach, r"stage_x 60 um: allowed -50 … 50 um"),
        ((0, 1, 0, 0, 1, 2, [700.0]), BadScan, "x_num = 0"),
        ((0, 1, 2, 0, float("inf"), 2, [700.0]), BadScan, "must be numbers"),
        ((0, 1, 2, 0, 1, 2, []), BadScan, "one energy or more"),
        ((0, 1, 2, 0, 1, 2, [700.0], []), BadScan, "one polarisation or more"),
        ((0, 1, 2, 0, 1, 2, [700.0], ["blue"]), OutOfReach, "possible are"),
        ((0, 1, 2, 0, 1, 2, [700.0, 1600.0], ["circular+"]), OutOfReach, r"within reach of horizontal"),
        ((0, 1, 2, 0, 1, 2, [700.0], None, 0.0), BadScan, "dwell_s 0 s"),
    ],
)
def test_a_map_that_cannot_be_is_refused(bl13u, server, arguments, error, words):
    with pytest.raises(error, match=words):
        next(energy_map(*arguments, **roles(bl13u, "energy_map")))
    assert server.writes == []


def test_polarisations_one_after_the_other(engine, docs, bl13u):
    of_scan = roles(bl13u, "polarisation_scan")
    engine(polarisation_scan(["vertical", "elliptic 0.5", "circular-"], energy_ev=720.0, **of_scan))
    assert [one["polarisation"] for one in docs.events()] == ["vertical", "elliptic 0.5", "circular-"]
    docs.clear()
    engine(polarisation_scan(start_deg=-90, stop_deg=90, num=5, **of_scan))
    # at its ends, linear light has names of its own
    assert [one["polarisation_p1"] for one in docs.events()] == pytest.approx([-1, 0, 1, 0, -1], abs=1e-3)
    assert [one["polarisation_p2"] for one in docs.events()] == pytest.approx([0, -1, 0, 1, 0], abs=1e-3)
    assert {round(one["energy_setpoint"], 6) for one in docs.events()} == {720.0}
    with pytest.raises(BadScan, match="not both"):
        engine(polarisation_scan(["vertical"], num=3, **of_scan))
    with pytest.raises(OutOfReach, match="-90 … 90 deg"):
        engine(polarisation_scan(start_deg=-100, stop_deg=90, num=5, **of_scan))


def test_a_forecast_sees_all_of_it_and_moves_nothing(bl13u, server):
    seen = check_plan(xmcd, regions=FEW, field_t=2.0, dark_s=1.0, dwell_s=1.0, **roles(bl13u, "xmcd"))
    assert seen.whole
    assert (seen.runs, seen.points) == (1, 13)
    assert (seen.moves["magnet"].low, seen.moves["magnet"].high) == (2.0, 2.0)
    assert seen.moves["undulator_phase1"].low < -19 < 19 < seen.moves["undulator_phase1"].high
    # 20 s of field, four times 39 mm of rows at 2 mm/s but for the first, 12 s of counting, 1 s dark
    assert seen.least_s > 20 + 2 * 19 + 13
    assert server.writes == []
