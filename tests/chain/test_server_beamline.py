"""BL09U and its ring as processes: groups, time, coupling, order."""

import json
import re
import statistics

import caproto as ca
import pytest

from beam import facts

COUNTS = ("BL09U:SC1.S1", "BL09U:SC1.S2", "BL09U:SC1.S3")


@pytest.fixture
def bl(simulation, connect):
    """Return a client of the session's beamline server, with open shutters."""
    client = connect(simulation.ports["beamline"])
    client.put("BL09U:FE:Open", 1)
    client.put("BL09U:STN:Open", 1)
    client.put("BL09U:SC1.TP", 0.1)
    return client


@pytest.fixture
def ring(simulation, connect):
    return connect(simulation.ports["ring"])


def text(client, name):
    answer = client.get(name, kind=ca.ChannelType.STRING)
    return answer.decode() if isinstance(answer, bytes) else answer


def test_both_servers_are_known_by_their_token(bl, ring, simulation):
    assert bl.get("BL09U:SIM:Token") == ring.get("SR:SIM:Token") == simulation.token
    assert bl.get("BL09U:SIM:Simulated") == 1
    assert bl.get("BL09U:SIM:TimeScale") == 100.0


def test_gap_moves_and_takes_its_nominal_time(bl):
    bl.put("BL09U:ID:Gap", 10.0)
    before = bl.get("BL09U:SIM:Time")
    bl.subscribe("BL09U:ID:Moving", "BL09U:ID:GapRbv")
    arrived = bl.put("BL09U:ID:Gap", 14.0)
    assert arrived[-1][0] == "answer"
    assert [one[2] for one in arrived if one[1] == "BL09U:ID:Moving"] == [1, 0]
    assert bl.latest("BL09U:ID:GapRbv") == 14.0
    gap = facts.load("bl09u")[1].devices["undulator"].gap
    nominal = 4.0 / gap.velocity + gap.acceleration_s
    assert bl.get("BL09U:SIM:Time") - before == pytest.approx(nominal, abs=1e-9)


def test_gap_limits_and_units_are_the_facts(bl):
    control = bl.metadata("BL09U:ID:Gap")
    gap = facts.load("bl09u")[1].devices["undulator"].gap
    assert (control.lower_ctrl_limit, control.upper_ctrl_limit) == (gap.low, gap.high)
    assert (control.units, control.precision) == (b"mm", gap.precision)
    before = bl.get("BL09U:ID:Gap")
    with pytest.raises(ca.ErrorResponseReceived, match=re.escape("BL09U:ID:Gap 50 mm: 5 … 40 mm is allowed")):
        bl.put("BL09U:ID:Gap", 50.0)
    assert bl.get("BL09U:ID:Gap") == before


def test_a_new_target_on_the_way_ends_both_puts_there(bl):
    bl.put("BL09U:ID:Gap", 8.0)
    bl.subscribe("BL09U:ID:Moving")
    first = bl.start("BL09U:ID:Gap", 38.0)
    bl.until(lambda: bl.latest("BL09U:ID:Moving") == 1)
    second = bl.start("BL09U:ID:Gap", 12.0)
    assert bl.completed(first)
    assert bl.completed(second)
    assert bl.get("BL09U:ID:GapRbv") == 12.0


def test_stop_ends_the_motion_short_of_the_target(bl):
    bl.put("BL09U:ID:Gap", 8.0)
    bl.subscribe("BL09U:ID:Moving")
    number = bl.start("BL09U:ID:Gap", 40.0)
    bl.until(lambda: bl.latest("BL09U:ID:Moving") == 1)
    bl.put("BL09U:ID:Stop", 1)
    assert bl.completed(number)
    assert 8.0 <= bl.get("BL09U:ID:GapRbv") < 40.0
    assert bl.get("BL09U:ID:Moving") == 0


def test_a_gap_beyond_a_period_moves_but_gives_no_light(bl):
    bl.put("BL09U:ID:Gap", 30.0)
    assert bl.get("BL09U:ID:Energy") == 0.0
    assert bl.get("BL09U:ID:Power") == 0.0
    assert "no light" in text(bl, "BL09U:ID:Status")
    bl.put("BL09U:ID:Gap", 10.0)
    assert bl.get("BL09U:ID:Energy") > 0
    assert bl.get("BL09U:ID:Power") > 0
    assert text(bl, "BL09U:ID:Status") == "at rest"


def test_a_motor_moves_the_crystal(bl):
    before = bl.get("BL09U:SIM:Time")
    bl.put("BL09U:DCM:Bragg", 16.0)
    bl.put("BL09U:DCM:Bragg", 16.5)
    assert bl.get("BL09U:DCM:Bragg.RBV") == pytest.approx(16.5, abs=1e-5)
    assert bl.get("BL09U:DCM:Bragg.DMOV") == 1
    assert bl.get("BL09U:SIM:Time") > before
    assert bl.metadata("BL09U:DCM:Bragg").units == b"deg"


def test_shutter_goes_through_its_states(bl):
    bl.subscribe("BL09U:STN:State")
    arrived = bl.put("BL09U:STN:Close", 1)
    assert [one[2] for one in arrived if one[0] == "monitor"] == [3, 0]
    assert arrived[-1][0] == "answer"
    arrived = bl.put("BL09U:STN:Open", 1)
    assert [one[2] for one in arrived if one[0] == "monitor"] == [1, 2]
    assert bl.put("BL09U:STN:Open", 1)[-1][0] == "answer", "it is open already"


def test_close_overtakes_open(bl):
    bl.put("BL09U:FE:Close", 1)
    bl.subscribe("BL09U:FE:State")
    number = bl.start("BL09U:FE:Open", 1)
    bl.until(lambda: bl.latest("BL09U:FE:State") == 1)
    bl.put("BL09U:FE:Close", 1)
    assert not bl.completed(number), "the put of Open must not look like a success"
    assert bl.get("BL09U:FE:State") == 0


def test_light_is_counted_only_with_open_shutters(bl):
    tune(bl)
    bl.put("BL09U:SC1.CNT", 1)
    bright = bl.get("BL09U:SC1.S2")
    bl.put("BL09U:STN:Close", 1)
    bl.put("BL09U:SC1.CNT", 1)
    dark = bl.get("BL09U:SC1.S2")
    assert bright > 100 * max(dark, 1)


def test_exposure_publishes_all_channels_then_the_count_then_completes(bl):
    names = (*COUNTS, "BL09U:SC1:ExposureCount", "BL09U:SC1.CNT")
    bl.put("BL09U:SC1.TP", 0.0)
    bl.subscribe(*names)
    for _ in range(3):
        count = bl.latest("BL09U:SC1:ExposureCount")
        arrived = [one for one in bl.put("BL09U:SC1.CNT", 1) if one[1] in names or one[0] == "answer"]
        order = [one[1] for one in arrived]
        assert order == ["BL09U:SC1.CNT", *COUNTS, "BL09U:SC1:ExposureCount", "BL09U:SC1.CNT", "WriteNotifyResponse"]
        assert [one[2] for one in arrived if one[1] == "BL09U:SC1.CNT"] == [1, 0]
        assert bl.latest("BL09U:SC1:ExposureCount") == count + 1


def test_no_exposure_is_stale(bl):
    """An update counter over a thousand exposures of the beamline, read from monitors only."""
    bl.put("BL09U:SC1.TP", 0.0)
    bl.subscribe("BL09U:SC1:ExposureCount")
    first = bl.latest("BL09U:SC1:ExposureCount")
    stale = 0
    for point in range(1, 1001):
        bl.put("BL09U:SC1.CNT", 1)
        stale += bl.latest("BL09U:SC1:ExposureCount") != first + point
    assert stale == 0


def test_the_ring_has_followed_when_an_exposure_completes(bl, ring):
    ring.subscribe("SR:Current")
    seen = set()
    for _ in range(20):
        bl.put("BL09U:SC1.CNT", 1)
        assert ring.get("SR:SIM:Time") == bl.get("BL09U:SIM:Time")
        seen.add(ring.get("SR:Current"))
    assert len(seen) == 20


def test_a_sleep_of_a_plan_advances_the_experiment(bl, ring):
    before = bl.get("BL09U:SIM:Time")
    bl.put("BL09U:SIM:Advance", 12.5)
    assert bl.get("BL09U:SIM:Time") == pytest.approx(before + 12.5)
    assert ring.get("SR:SIM:Time") == bl.get("BL09U:SIM:Time")
    with pytest.raises(ca.ErrorResponseReceived, match="Advance -1 s"):
        bl.put("BL09U:SIM:Advance", -1.0)


def test_gain_multiplies_counts_until_the_amplifier_is_overloaded(bl):
    tune(bl)
    gain = bl.get("BL09U:I0:Gain")
    bl.put("BL09U:SC1.CNT", 1)
    counts = bl.get("BL09U:SC1.S2")
    assert bl.get("BL09U:I0:Overload") == 0
    try:
        bl.put("BL09U:I0:Gain", gain / 10)
        bl.put("BL09U:SC1.CNT", 1)
        assert bl.get("BL09U:SC1.S2") == pytest.approx(counts / 10, rel=0.1)
        bl.put("BL09U:I0:Gain", 1e12)
        bl.put("BL09U:SC1.CNT", 1)
        assert bl.get("BL09U:I0:Overload") == 1
    finally:
        bl.put("BL09U:I0:Gain", gain)


def test_the_sample_can_be_changed_and_a_bad_one_is_refused(bl):
    tune(bl)
    with_sample = ratio(bl)
    before = bl.get("BL09U:SIM:Sample")
    try:
        bl.put("BL09U:SIM:Sample", "none")
        assert ratio(bl) > 1.5 * with_sample
        with pytest.raises(ca.ErrorResponseReceived):
            bl.put("BL09U:SIM:Sample", "no such sample")
        assert bl.get("BL09U:SIM:Sample") == "none"
    finally:
        bl.put("BL09U:SIM:Sample", before)


def tune(client):
    """Put the largest of a few gaps' light onto the monochromator at about 7.2 keV, above the edge."""
    client.put("BL09U:SC1.TP", 0.1)
    client.put("BL09U:DCM:Bragg", 15.94)
    client.put("BL09U:DCM:Perp", 25.0 / (2 * 0.96155))
    best = (0.0, 0.0)
    for step in range(60):
        gap = 6.0 + 0.1 * step
        client.put("BL09U:ID:Gap", gap)
        client.put("BL09U:SC1.CNT", 1)
        best = max(best, (client.get("BL09U:SC1.S2"), gap))
    client.put("BL09U:ID:Gap", best[1])


def ratio(client):
    """Return It/I0, the mean of a few exposures."""
    ratios = []
    for _ in range(3):
        client.put("BL09U:SC1.CNT", 1)
        ratios.append(client.get("BL09U:SC1.S3") / client.get("BL09U:SC1.S2"))
    return statistics.mean(ratios)


def scan(simulation, connect):
    """Run a small experiment and return everything it counted."""
    client, ring = connect(simulation.ports["beamline"]), connect(simulation.ports["ring"])
    counted = []
    for shutter in ("FE", "STN"):
        client.put(f"BL09U:{shutter}:Open", 1)
    client.put("BL09U:SC1.TP", 0.5)
    for step in range(8):
        numbers = [client.start("BL09U:ID:Gap", 8.0 + 0.2 * step), client.start("BL09U:DCM:Bragg", 16.0 + 0.05 * step)]
        assert all(client.completed(number) for number in numbers)
        client.put("BL09U:SC1.CNT", 1)
        counted.append([client.get(name) for name in COUNTS])
        counted.append([ring.get("SR:Current"), ring.get("SR:SIM:Time"), client.get("BL09U:DCM:Bragg.RBV")])
    return counted


@pytest.mark.full
def test_same_seed_same_data_at_any_scale(simulate, connect):
    quick = scan(simulate(seed=11, time_scale=100.0), connect)
    quicker = scan(simulate(seed=11, time_scale=400.0), connect)
    assert quick == quicker
    assert len({json.dumps(one) for one in quick}) == len(quick)


def test_an_event_of_the_ring_is_known_to_the_next_exposure(simulate, connect):
    simulation = simulate(seed=3, time_scale=200.0)
    client, ring = connect(simulation.ports["beamline"]), connect(simulation.ports["ring"])
    for shutter in ("FE", "STN"):
        client.put(f"BL09U:{shutter}:Open", 1)
    tune(client)
    for _ in range(5):
        client.put("BL09U:SC1.CNT", 1)
        bright = client.get("BL09U:SC1.S2")
        ring.put("SR:SIM:Events", '[{"time_s": 0.0, "kind": "dump"}]')
        client.put("BL09U:SC1.CNT", 1)
        assert client.get("BL09U:SC1.S2") < bright / 20
        ring.put("SR:SIM:Events", "[]")
