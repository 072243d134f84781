from threading import Thread

import pytest
from bluesky.utils import RunEngineInterrupted

import plans
from beam.errors import OutOfReach, UnknownName
from devices.errors import NotPermitted, Overloaded
from plans.energy_scan import BadScan
from plans.regions import BadRegion


def test_energy_scan_records_what_a_spectrum_needs(engine, docs, roles):
    engine(plans.energy_scan(start=7100.0, stop=7120.0, num=5, dwell_s=0.2, **roles))
    events = docs.events()
    assert [round(event["energy"], 6) for event in events] == [7100.0, 7105.0, 7110.0, 7115.0, 7120.0]
    assert {event["count_time"] for event in events} == {0.2}
    assert set(events[0]) == {
        *("count_time", "i0", "it", "tey", "ring_current", "i0_photons_per_s", "it_photons_per_s"),
        *("energy", "energy_setpoint", "energy_harmonic", "energy_gap", "energy_bragg"),
    }
    assert len({event["energy_harmonic"] for event in events}) == 1
    (start,) = docs.of("start")
    assert start["hints"]["dimensions"] == [[["energy"], "primary"]] or start["hints"]["dimensions"] == [
        (["energy"], "primary")
    ]
    assert start["num_points"] == 5
    assert start["plan_args"]["detectors"] == ["counter"]
    assert docs.of("stop")[0]["exit_status"] == "success"


def test_dark_counts_come_first_with_the_shutter_closed(engine, docs, roles, server, bl):
    open_at = []
    bl.fake.scaler.before_done = lambda: open_at.append(bl.shutter.is_open)
    engine(plans.energy_scan([7100.0, 7110.0], dark_s=3.0, dwell_s=0.5, **roles))
    assert open_at == [False, True, True]
    (dark,) = docs.events("dark")
    assert dark["count_time"] == 3.0
    assert [event["count_time"] for event in docs.events()] == [0.5, 0.5]


def test_dark_counts_can_be_left_out(engine, docs, roles):
    engine(plans.energy_scan([7100.0], dark_s=0, **roles))
    assert [doc["name"] for doc in docs.of("descriptor")] == ["primary"]


def test_shutters_open_in_order_and_the_station_closes_at_the_end(engine, roles, server, bl):
    engine(plans.energy_scan([7100.0], dark_s=0, **roles))
    shutters = [pv for pv, _ in server.writes if ":STN:" in pv or ":FE:" in pv]
    assert shutters == ["BL09U:FE:Open", "BL09U:STN:Open", "BL09U:STN:Close"]
    assert bl.front_end.is_open
    assert not bl.shutter.is_open


def test_shutter_closes_when_a_point_fails(engine, docs, roles, server, bl):
    bl.fake.scaler.before_done = lambda: server.post("BL09U:I0:Overload", int(bl.fake.scaler.exposures >= 3))
    server.post("BL09U:I0:Gain", 1e6)
    with pytest.raises(Exception, match="overloaded") as caught:
        engine(plans.energy_scan([7100.0, 7110.0, 7120.0], **roles))
    assert isinstance(caught.value.__cause__, Overloaded)
    assert not bl.shutter.is_open
    assert docs.of("stop")[0]["exit_status"] == "fail"
    assert len(docs.events()) == 1


def test_harmonic_is_fixed_in_the_scan_and_free_after(engine, docs, roles, bl):
    engine(plans.energy_scan([7000.0, 7200.0], **roles))
    assert bl.energy.harmonic_choice.get() == 0
    used = docs.of("start")[0]["harmonic"]
    other = next(n for n in bl.undulator.physics.harmonics_for(7100.0) if n != used)
    engine(plans.energy_scan([7100.0], harmonic=other, **roles))
    assert docs.events()[-1]["energy_harmonic"] == other
    assert bl.energy.harmonic_choice.get() == 0


@pytest.mark.parametrize("energies", [[7100.0, 20000.0], [1500.0], [float("nan")]])
def test_out_of_reach_is_refused_before_anything_moves(engine, docs, roles, server, energies):
    with pytest.raises(OutOfReach, match=r"Si\(111\) reaches 2100 … 15000 eV"):
        engine(plans.energy_scan(energies, **roles))
    assert server.writes == []
    assert docs == []


def test_a_range_that_no_harmonic_covers_is_refused(engine, docs, roles, server):
    with pytest.raises(OutOfReach, match="no single harmonic"):
        engine(plans.energy_scan([2200.0, 14900.0], **roles))
    assert server.writes == []
    assert docs == []


def test_a_shutter_that_may_not_open_refuses_the_scan(engine, docs, roles, server):
    server.post("BL09U:FE:Permit", 0)
    with pytest.raises(NotPermitted, match="front_end"):
        engine(plans.energy_scan([7100.0], **roles))
    assert server.writes == []
    assert docs == []


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"start": 7000.0},
        {"start": 7000.0, "stop": 7100.0, "num": 0},
        {"energies": []},
        {"energies": [7000.0], "start": 7000.0},
        {"energies": [7000.0], "dwell_s": -1.0},
    ],
)
def test_arguments_that_make_no_scan(roles, arguments):
    with pytest.raises(BadScan):
        list(plans.energy_scan(**arguments, **roles))


def test_xas(engine, docs, roles):
    engine(plans.xas("FeK", regions="-20:-5:5:0.5 -5:5:1 1.2k:3k:0.6k:2", **roles))
    (start,) = docs.of("start")
    assert (start["plan_name"], start["edge"], start["edge_ev"], start["e0_ev"]) == ("xas", "Fe K", 7112.0, 7112.0)
    assert [region["unit"] for region in start["regions"]] == ["eV", "eV", "k"]
    events = docs.events()
    assert len(events) == start["num_points"] == 3 + 10 + 1 + 4
    assert events[0]["energy_setpoint"] == 7092.0
    assert [event["count_time"] for event in events] == [0.5] * 3 + [1.0] * 11 + [2.0] * 4
    assert len({event["energy_harmonic"] for event in events}) == 1


def test_xas_relative_to_an_energy_of_ones_own(engine, docs, roles):
    engine(plans.xas("Fe K", e0=7110.75, regions="0:1:1", **roles))
    assert docs.events()[0]["energy_setpoint"] == 7110.75


def test_xas_default_regions_reach_k_12(roles):
    messages = list(plans.xas("Fe K", **roles))
    energies = [m.args[0] for m in messages if m.command == "set" and m.obj is roles["energy"]]
    assert energies[0] == 6962.0
    assert energies[-1] == pytest.approx(7112.0 + 3.81 * 12**2, abs=5.0)
    assert len(energies) > 300


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"edge": "Fe Q"}, UnknownName, "Fe K"),
        ({"edge": "Mo K"}, OutOfReach, "15000 eV"),
        ({"edge": "Fe K", "k_max": 9.0, "regions": "0:1:1"}, BadRegion, "default regions"),
        ({"edge": "Fe K", "regions": "0:1:1", "dwell_s": [1.0, 2.0, 3.0]}, BadRegion, "one number"),
        ({"edge": "Fe K", "dark_s": -1.0}, BadRegion, "dark_s"),
        ({"edge": "Fe K", "harmonic": 2}, OutOfReach, "allowed are"),
    ],
)
def test_xas_refuses_before_anything_moves(engine, docs, roles, server, arguments, error, words):
    with pytest.raises(error, match=words):
        engine(plans.xas(**arguments, **roles))
    assert server.writes == []
    assert docs == []


def test_plans_can_be_walked_without_moving(roles, server):
    assert len(list(plans.energy_scan([7100.0, 7110.0], **roles))) > 10
    assert server.writes == []


def paused_while_counting(engine, bl, plan):
    """Run `plan` until it counts its second point, and pause it there."""
    scaler = bl.fake.scaler
    pausing = Thread(target=engine.request_pause)

    def hold_the_next():
        if scaler.exposures == 2:
            scaler.hold = True
            scaler.on_hold = pausing.start

    scaler.before_done = hold_the_next
    with pytest.raises(RunEngineInterrupted):
        engine(plan)
    pausing.join(5)
    scaler.hold = False


def test_pause_while_counting_closes_the_shutter_and_the_scan_goes_on(engine, docs, roles, bl):
    paused_while_counting(engine, bl, plans.energy_scan([7100.0, 7110.0, 7120.0], **roles))
    assert not bl.shutter.is_open
    assert bl.front_end.is_open
    engine.resume()
    assert [event["energy_setpoint"] for event in docs.events()] == [7100.0, 7110.0, 7120.0]
    assert docs.of("stop")[0]["exit_status"] == "success"
    assert not bl.shutter.is_open


def test_abort_closes_the_shutter_and_the_same_devices_work_again(engine, docs, roles, bl):
    paused_while_counting(engine, bl, plans.energy_scan([7100.0, 7110.0, 7120.0], **roles))
    engine.abort("enough")
    assert not bl.shutter.is_open
    assert docs.of("stop")[0]["exit_status"] == "abort"
    engine(plans.energy_scan([7100.0], **roles))
    assert docs.of("stop")[1]["exit_status"] == "success"
