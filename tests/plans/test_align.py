"""Alignment on the devices of BL09U over a control system in process: what the scaler counts follows the motor."""

import math

import numpy as np
import pytest
from bluesky.plan_stubs import mv

from beam.errors import UnknownName
from devices.errors import NoLight
from plans import align
from plans.align import NotAligned
from plans.energy_scan import BadScan
from plans.peak import NoEdge, NoPeak, find_centred_peak, find_edge, find_peak

PITCH = "BL09U:DCM:Pitch.RBV"


@pytest.fixture
def devices(engine, bl):
    engine(mv(bl.energy, 7200.0))
    return {
        "detectors": bl.roles["detectors"],
        "energy": bl.energy,
        "shutter": bl.shutter,
        "front_end": bl.front_end,
    }


@pytest.fixture
def counts(bl):
    """Let I0 follow the pitch by a function."""
    noise = np.random.default_rng(5)

    def follow(shape):
        at = bl.fake.server.signals[PITCH]
        bl.fake.scaler.counts[2] = lambda _: shape(at.truth.value) + noise.normal(0, 3.0)

    return follow


def gaussian(x):
    return 100.0 + 1000.0 * math.exp(-0.5 * ((x - 7.3) / 6.0) ** 2)


def step(x):
    return 1000.0 / (1.0 + math.exp((x - 4.2) / 1.5))


def test_it_goes_to_the_middle_of_the_peak_and_looks_again(engine, docs, bl, devices, counts):
    counts(gaussian)
    engine(align(bl.dcm.pitch, -40, 40, 41, **devices))
    assert bl.dcm.pitch.position == pytest.approx(7.3, abs=0.2)
    assert len(docs.events()) == 41
    (verified,) = docs.events("verified")
    assert verified["dcm_pitch"] == bl.dcm.pitch.position
    assert verified["i0"] > 1050
    assert docs.of("stop")[0]["exit_status"] == "success"
    assert bl.shutter.reported == "Closed"
    assert bl.front_end.is_open


def test_it_asks_for_light_first(engine, docs, bl, devices):
    engine(mv(bl.undulator.gap, 20.0))
    with pytest.raises(NoLight, match=r"energy 7200 eV: no light, the undulator's gap is 20 mm, 6\.\d+ mm belongs"):
        engine(align(bl.dcm.pitch, -40, 40, 41, **devices))
    assert not docs.events()
    assert not bl.shutter.is_open


def test_who_looks_for_the_light_need_not_have_it(engine, bl, devices, counts):
    engine(mv(bl.undulator.gap, 20.0))
    with pytest.raises(NoPeak):
        engine(align(bl.undulator.gap, -0.1, 0.1, 11, **devices))


def test_it_goes_to_the_middle_of_an_edge(engine, bl, devices, counts):
    counts(step)
    engine(align(bl.dcm.pitch, -20, 20, 41, find="edge", **devices))
    assert bl.dcm.pitch.position == pytest.approx(4.2, abs=0.2)


def test_a_dip_is_found_where_it_is_asked_for(engine, bl, devices, counts):
    counts(lambda x: 2000.0 - gaussian(x))
    engine(align(bl.dcm.pitch, -40, 40, 41, find="dip", **devices))
    assert bl.dcm.pitch.position == pytest.approx(7.3, abs=0.2)
    with pytest.raises(Exception, match="no peak: what stands out is a dip at 7"):
        engine(align(bl.dcm.pitch, -40, 40, 41, **devices))


@pytest.mark.parametrize(
    ("shape", "find", "words"),
    [
        (lambda x: 500.0, "peak", "nothing stands out of the noise"),
        (step, "peak", "it is a step or a slope|nothing stands out|last at an end"),
        (lambda x: 500.0 + 10 * x, "edge", "it is a slope"),
        (lambda x: 500.0, "edge", "differ by no more than the noise"),
        (gaussian, "edge", "differ by no more than the noise"),
    ],
)
def test_where_there_is_nothing_it_goes_back(engine, docs, bl, devices, counts, shape, find, words):
    bl.dcm.pitch.set(-3.0).wait(5)
    counts(shape)
    with pytest.raises(Exception, match=words):
        engine(align(bl.dcm.pitch, -30, 40, 36, find=find, **devices))
    assert bl.dcm.pitch.position == -3.0
    assert docs.of("stop")[0]["exit_status"] == "fail"
    assert bl.shutter.reported == "Closed"


def test_a_signal_that_is_gone_at_the_end_is_no_alignment(engine, bl, devices, counts):
    counts(gaussian)
    seen = bl.fake.scaler.counts[2]
    bl.fake.scaler.counts[2] = lambda n: seen(n) if n <= 41 else 100.0
    with pytest.raises(NotAligned, match=r"dcm_pitch at 7\..*: i0 is 100 there, in the scan it was 1"):
        engine(align(bl.dcm.pitch, -40, 40, 41, **devices))
    assert bl.dcm.pitch.position == 0.0


def test_a_pseudo_axis_is_aligned_too(engine, bl, devices):
    at = bl.fake.server.signals["BL09U:SLT:Left.RBV"]
    bl.slits.x_size.set(0.2).wait(5)
    bl.fake.scaler.counts[2] = lambda _: 1000.0 * math.exp(-0.5 * ((at.truth.value + 0.1 - 0.35) / 0.3) ** 2)
    engine(align(bl.slits.x_centre, -2, 2, 41, **devices))
    assert bl.slits.x_centre.position == pytest.approx(0.35, abs=0.02)
    assert bl.slits.x_size.position == pytest.approx(0.2, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"signal": "iff"}, UnknownName, "unknown signal 'iff'"),
        ({"find": "hill"}, UnknownName, "unknown thing to find 'hill'"),
        ({"num": 3}, BadScan, "5 points or more"),
        ({"dwell_s": 0.0}, BadScan, "counting time above 0 s"),
        ({"stop": -40.0}, BadScan, "two different ends"),
        ({"stop": math.nan}, BadScan, "two different ends"),
    ],
)
def test_what_makes_no_scan_is_refused_before_anything_moves(engine, bl, devices, change, error, words):
    arguments = {"start": -40.0, "stop": 40.0, "num": 41} | change
    with pytest.raises(error, match=words):
        engine(align(bl.dcm.pitch, **arguments, **devices))
    assert not [pv for pv, _ in bl.fake.server.writes if pv.startswith("BL09U:DCM:Pitch")]


def test_ahead_it_is_checked_up_to_where_it_depends_on_the_reading(bl, devices):
    from daq.check_plan import check_plan
    from daq.errors import Refused

    seen = check_plan(align, bl.dcm.pitch, -40, 40, 41, **devices)
    assert not seen.whole
    assert seen.points == 41
    assert "the rest depends on the reading of" in seen.checked
    with pytest.raises(Refused, match=r"dcm_pitch .* allowed -500 … 500"):
        check_plan(align, bl.dcm.pitch, -600, 40, 41, **devices)


def test_the_middle_of_an_edge_between_its_points():
    x = np.linspace(-1.0, 1.0, 21)
    found = find_edge(x, 5.0 + 10.0 * (x > 0.25))
    assert found.cen == pytest.approx(0.25, abs=1e-9)
    assert found.height == pytest.approx(10.0)
    with pytest.raises(NoEdge, match="3 points at different positions are too few"):
        find_edge([0, 1, 2], [0, 1, 1])
    with pytest.raises(NoPeak, match="through half its height 3 times"):
        find_edge(x, np.where((x > -0.5) & (x < 0) | (x > 0.5), 10.0, 0.0))


def test_tails_of_a_peak_beside_the_middle_do_not_shift_it():
    """A Lorentzian of half width 15 at -20 in a scan from -60 to 60: the tilted line shifts its middle."""
    x = np.linspace(-60.0, 60.0, 61)
    y = 1000.0 / (1.0 + ((x + 20.0) / 15.0) ** 2)
    assert abs(find_peak(x, y).cen + 20.0) > 0.4
    assert find_centred_peak(x, y).cen == pytest.approx(-20.0, abs=0.05)
