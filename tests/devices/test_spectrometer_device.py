"""A fluorescence spectrometer over a control system in process: what counts as a reading, and where regions may be."""

import math

import numpy as np
import pytest

from beam.errors import ConfigError, OutOfReach
from devices.errors import BadReading, Busy, NotConnected, Stopped, TimedOut
from devices.state import State

SDD = "BL09U:SDD"


def test_a_trigger_gives_spectrum_times_and_regions(bl):
    bl.sdd.trigger().wait(1)
    reading = {name: one["value"] for name, one in bl.sdd.read().items()}
    assert reading.pop("sdd_spectrum").tolist() == [1] * 2048
    # Fe Kα: 6.2 … 6.6 keV, channels of 10 eV, both ends included
    assert reading["sdd_fe_ka"] == 41
    assert (reading["sdd_real_time"], reading["sdd_live_time"]) == (1.0, 0.8)
    assert reading["sdd_dead_time"] == pytest.approx(20.0)


def test_counts_are_corrected_for_the_dead_time(bl):
    bl.fake.analyser.live_share = 0.5
    bl.sdd.trigger().wait(1)
    reading = bl.sdd.read()
    assert reading["sdd_fe_ka_corrected"]["value"] == 2 * reading["sdd_fe_ka"]["value"] == 82


def test_documents_describe_the_spectrum_as_an_array(bl):
    bl.sdd.trigger().wait(1)
    keys = bl.sdd.describe()
    assert set(keys) == set(bl.sdd.read())
    assert (keys["sdd_spectrum"]["dtype"], keys["sdd_spectrum"]["shape"]) == ("array", [2048])
    assert keys["sdd_real_time"]["units"] == "s"
    assert keys["sdd_fe_ka_corrected"]["units"] == "counts"
    assert bl.sdd.hints == {"fields": ["sdd_fe_ka", "sdd_fe_kb", "sdd_all"]}
    configuration = bl.sdd.read_configuration()
    assert configuration["sdd_fe_ka_low"]["value"] == 620
    assert configuration["sdd_energy_slope"]["value"] == 0.01


def test_proven_readings_are_not_asked_for(bl):
    bl.sdd.trigger().wait(1)
    assert bl.sdd.spectrum.fetched == 0


def test_readings_that_the_monitors_do_not_prove_are_asked_for(bl, server):
    server.late = True
    bl.sdd.trigger().wait(1)
    assert bl.sdd.spectrum.fetched == 1
    assert bl.sdd.read()["sdd_fe_ka"]["value"] == 41


def test_one_stale_region_is_enough_to_ask(bl, server):
    bl.sdd.trigger().wait(1)
    plain_post = server.post

    def post(pv, value, **kwargs):
        server.late = pv == f"{SDD}.R1"
        plain_post(pv, value, **kwargs)
        server.late = False

    server.post = post
    bl.sdd.trigger().wait(1)
    assert bl.sdd.fe_kb.counts.fetched == 1
    assert bl.sdd.read()["sdd_fe_kb"]["value"] == 2 * 31


def test_a_sum_that_is_not_of_its_channels_is_no_reading(bl):
    bl.fake.analyser.off_by = 1
    with pytest.raises(BadReading, match=r"sdd: fe_ka has 42 counts, its channels 620 … 660 have 41"):
        bl.sdd.trigger().wait(1)


def test_an_end_without_an_exposure_is_no_reading(bl, server):
    server.on_write[f"{SDD}.ERST"] = lambda value, done: done()
    with pytest.raises(BadReading, match="made no exposure"):
        bl.sdd.trigger().wait(1)


def test_an_end_while_it_counts_is_no_reading(bl, server):
    bl.fake.analyser.before_done = lambda: server.post(f"{SDD}.ACQG", 1)
    with pytest.raises(BadReading, match="somebody else started it"):
        bl.sdd.trigger().wait(1)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, math.nan])
def test_a_live_time_that_cannot_be_is_no_reading(bl, share):
    bl.fake.analyser.live_share = share
    with pytest.raises(BadReading, match=r"live time|not a number"):
        bl.sdd.trigger().wait(1)


def test_an_exposure_cut_short_is_no_reading(bl):
    bl.fake.analyser.short = 0.3
    with pytest.raises(Stopped, match=r"counted 0\.3 s of 1 s"):
        bl.sdd.trigger().wait(1)


def test_deadline(bl, impatient):
    bl.fake.analyser.hold = True
    with pytest.raises(TimedOut, match=r"sdd: waited .* s for the end of a spectrum of 1 s"):
        bl.sdd.trigger().wait(5)


def test_lost_server(bl, server):
    bl.fake.analyser.hold = True
    status = bl.sdd.trigger()
    server.disconnect(SDD)
    with pytest.raises(NotConnected, match="lost its server while counting"):
        status.wait(1)


def test_two_triggers_at_once_are_refused_and_pause_gives_up(bl, server):
    bl.fake.analyser.hold = True
    first = bl.sdd.trigger()
    assert bl.sdd.state is State.RUNNING
    with pytest.raises(Busy):
        bl.sdd.trigger()
    bl.sdd.pause()
    assert first.success
    assert (f"{SDD}.STOP", 1) in server.writes
    assert bl.sdd.exposures_given_up == 1


def test_without_a_preset_it_would_not_end(bl, server):
    server.post(f"{SDD}.PRTM", 0.0)
    with pytest.raises(BadReading, match="preset_time 0 s"):
        bl.sdd.trigger()


def test_staging_sets_it_up_and_refuses_one_that_counts(bl, server):
    server.post(f"{SDD}.MODE", 1)
    server.post(f"{SDD}.PLTM", 3.0)
    bl.sdd.stage()
    assert (f"{SDD}.MODE", 0) in server.writes
    assert (f"{SDD}.PLTM", 0.0) in server.writes
    bl.sdd.unstage()
    server.post(f"{SDD}.ACQG", 1)
    with pytest.raises(Busy, match="counts already"):
        bl.sdd.stage()


def test_regions_are_moved_by_energy(bl):
    bl.sdd.fe_ka.set([8.0, 8.1]).wait(1)
    assert bl.sdd.fe_ka.place == (800, 810)
    assert bl.sdd.fe_ka.status_text == "8 … 8.1 keV"


@pytest.mark.parametrize("energies", [[6.0, 60.0], [-1.0, 6.0], [7.0, 6.0], [6.0], "all", [6.0, math.nan], 6.4])
def test_a_region_outside_the_spectrum_is_refused_with_what_is_allowed(bl, server, energies):
    with pytest.raises(OutOfReach, match=r"sdd_fe_ka .*allowed 0 … 20\.47 keV, channels 0 … 2047"):
        bl.sdd.fe_ka.set(energies)
    with pytest.raises(OutOfReach, match="sdd_fe_ka channel 2048"):
        bl.sdd.fe_ka.high.set(2048)
    assert server.writes == []


def test_a_region_that_somebody_moved_out_is_refused_when_it_is_staged(bl, server):
    server.post(f"{SDD}.R0HI", 5000)
    with pytest.raises(OutOfReach, match=r"sdd_fe_ka channels 620 … 5000"):
        bl.sdd.stage()


def test_a_region_cannot_take_the_name_of_something_else(bl, server):
    facts = bl.sdd.facts.model_copy(update={"regions": {"stop": (1.0, 2.0)}})
    with pytest.raises(ConfigError, match=r"sdd: regions\.stop: a spectrometer has something else of that name"):
        type(bl.sdd).of(facts, name="sdd", transport=server)


def test_a_high_dead_time_is_an_alarm(bl, server):
    server.post(f"{SDD}.DTIM", 75.0)
    server.post(SDD, np.zeros(2048, int), severity=2)
    assert bl.sdd.state is State.ALARM
    assert "dead time 75 %" in bl.sdd.status_text
