"""Several beamlines on one ring: two simulations, one dump for both; two engines with a lease each; who joins what."""

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from beam import facts
from beam.undulator import PlanarUndulator
from daq.commands import sim
from daq.errors import UsageError
from ioc_sim import shared_ring
from ioc_sim.errors import ServerError
from ioc_sim.launch import Simulation
from ioc_sim.shared_ring import SharedRing
from tests.harness import ALONE, started

RING = SharedRing(port=5, prefix="SR:", token="abc", seed=7, time_scale=10.0, epoch=0.0)
LIGHT_EV, HARMONIC, REFILLED_MA = 7085.0, 3, 390.0


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A configuration of a facility with two beamlines, alike but for their names."""
    directory, root = tmp_path_factory.mktemp("twins"), facts.config_dir()
    (directory / "facility.toml").write_text(f'extends = "{root}"\nbeamlines = ["bl09u", "bl10u"]\n')
    page = (root / "bl09u.toml").read_text().replace("BL09U:", "BL10U:").replace("bl09u", "bl10u")
    (directory / "bl10u.toml").write_text(page)
    return directory


@pytest.fixture(scope="module")
def paged(tmp_path_factory):
    """Where Python finds a page for the second beamline, as for one of another distribution."""
    directory = tmp_path_factory.mktemp("paged")
    (directory / "twin-0.dist-info").mkdir()
    (directory / "twin-0.dist-info" / "entry_points.txt").write_text(
        "[terasu.beamlines]\nbl10u = beamlines.bl09u:PAGE\n"
    )
    path = os.pathsep.join([str(directory), str(Path(__file__).parents[2])])
    return {"PYTHONPATH": path}


def arguments(*names, **given):
    parser = argparse.ArgumentParser()
    sim.add_parser(parser.add_subparsers())
    return parser.parse_args(["sim", *names, *(f"--{key.replace('_', '-')}={value}" for key, value in given.items())])


@pytest.fixture
def both(twins, tmp_path, monkeypatch):
    """Two beamlines on one ring."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    common = {"config": twins, "clock": "live", "sample": "none"}
    with contextlib.ExitStack() as stack:
        first = Simulation("bl09u", **common, time_scale=200.0, seed=1)
        stack.callback(first.stop)
        first.begin()
        second = Simulation("bl10u", **common, seed=2, ring=first.shared_ring)
        stack.callback(second.stop)
        second.begin()
        for one in (first, second):
            one.wait_until_ready()
            one.announce()
        yield first, second


class Beam:
    """What one beamline sees of the light, over its own server."""

    def __init__(self, client, prefix, gap_mm):
        self.client, self.prefix = client, prefix
        client.put(f"{prefix}FE:Open", 1)
        client.put(f"{prefix}STN:Open", 1)
        client.put(f"{prefix}ID:Gap", gap_mm)
        client.put(f"{prefix}SC1.TP", 1.0)

    def counts(self):
        self.client.put(f"{self.prefix}SC1.CNT", 1)
        return self.client.get(f"{self.prefix}SC1.S2")


def test_two_beamlines_see_the_same_dump_and_refill(twins, connect, both):
    first, second = both
    found = shared_ring.find(facts.load_facility(twins).ring)
    assert dataclasses.replace(found, epoch=first.epoch) == first.shared_ring
    assert found.epoch == pytest.approx(first.epoch, abs=0.01)
    assert second.token == first.token
    assert second.ports["beamline"] != first.ports["beamline"]
    assert (second.ports["ring"], second.ports["repeater"]) == (first.ports["ring"], first.ports["repeater"])
    ring = connect(first.ports["ring"])
    ring.subscribe("SR:Current")
    facility, beamline = facts.load("bl09u", twins)
    gap_mm = PlanarUndulator(beamline.devices["undulator"], facility.ring).gap_mm(LIGHT_EV, HARMONIC)
    prefixes = {"BL09U:": first, "BL10U:": second}
    beams = [Beam(connect(one.ports["beamline"]), prefix, gap_mm) for prefix, one in prefixes.items()]
    bright = [one.counts() for one in beams]
    second.faults.set("beam_dump", "ring")
    assert ring.get("SR:Current") == 0.0
    dark = [one.counts() for one in beams]
    assert [light > 2 * none for light, none in zip(bright, dark, strict=True)] == [True, True]
    first.faults.clear("beam_dump", "ring")
    ring.until(lambda: ring.latest("SR:Current") > REFILLED_MA)
    again = [one.counts() for one in beams]
    assert [light > 2 * none for light, none in zip(again, dark, strict=True)] == [True, True]
    # a noise of its own each, although all else is alike
    assert bright[0] != bright[1]
    second.stop()
    assert ring.get("SR:Current") > 0
    first.check()


def test_what_cannot_share_a_ring_is_refused(twins):
    with pytest.raises(ServerError, match="bl09u: beamlines on one ring keep the live clock, not the experiment clock"):
        Simulation("bl09u", ring=RING)
    with pytest.raises(ServerError, match="bench: a bench has no ring: serve it by itself"):
        Simulation("bench", clock="live", ring=RING)
    scenario = facts.config_dir() / "scenarios" / "bad_day.toml"
    with pytest.raises(ServerError, match="a scenario begins with its ring"):
        Simulation("bl09u", clock="live", ring=RING, scenario=scenario)
    with pytest.raises(ServerError, match="bench: a bench has no ring to share"):
        _ = Simulation("bench").shared_ring


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (arguments("bl09u", "bl09u"), "bl09u is given twice"),
        (arguments("bl09u", "bl10u", clock="experiment"), "beamlines that share a ring keep the live clock"),
        (arguments("bl09u", join=5064, clock="experiment"), "beamlines that share a ring keep the live clock"),
        (arguments("bl09u", "bl10u", sample="none"), "--sample none: give one beamline"),
        (arguments("bl09u", "bl10u", scenario="x.toml"), "played in one beamline with a ring of its own"),
        (
            arguments("bl09u", join=5064, time_scale=3),
            "--time-scale 3: with --join, the ring that runs has one already",
        ),
    ],
)
def test_options_that_make_no_sense_are_usage(given, words):
    with pytest.raises(UsageError, match=words):
        sim._chosen(given)


def test_each_beamline_has_ports_and_a_seed_of_its_own():
    chosen = sim._chosen(arguments("a", "b", "c", port=6000, seed=5))
    assert [(one.beamline, one.port, one.seed) for one in chosen] == [("a", 6000, 5), ("b", 6002, 6), ("c", 6003, 7)]
    assert [one.port for one in sim._chosen(arguments("a", "b"))] == [0, 0]


def test_a_client_of_both_is_told_of_each_server_once():
    one, two = ({"EPICS_CA_ADDR_LIST": f"h:{n} h:9", "TOKEN": "t"} for n in (1, 2))
    two["TANGO_HOST"] = "h:3"
    assert shared_ring.merged([one, two]) == {"EPICS_CA_ADDR_LIST": "h:1 h:9 h:2", "TOKEN": "t", "TANGO_HOST": "h:3"}


@pytest.fixture
def announced(monkeypatch):
    """Let simulations be announced that are none."""

    def announce(*ports, of=""):
        content = [
            {
                "beamline": f"bl{port}",
                "ports": {"beamline": port + 1, "ring": port, "repeater": 9},
                "pids": {},
                "ring_facts": of,
            }
            for port in ports
        ]
        monkeypatch.setattr(shared_ring.announce, "running", lambda: content)

    return announce


def test_a_ring_that_is_not_there_or_not_the_same_is_named(announced):
    ring = facts.load_facility().ring
    announced()
    with pytest.raises(ServerError, match="no simulation with a ring runs: start one"):
        shared_ring.find(ring)
    with pytest.raises(ServerError, match=r"no simulated server answers on 127\.0\.0\.1:1:"):
        shared_ring.find(ring, 1)
    announced(5000, 6000)
    with pytest.raises(ServerError, match=r"several rings run \(bl5000 on 5000, bl6000 on 6000\): say which"):
        shared_ring.find(ring)
    announced(5000, of="other")
    with pytest.raises(ServerError, match="the ring on port 5000, of `terasu sim bl5000`, has other facts"):
        shared_ring.find(ring)


@pytest.mark.full
def test_a_ring_on_the_experiment_clock_or_at_rest_is_not_joined(serve, connect):
    asked = json.loads(serve("ring").stdout.readline())["port"]
    with pytest.raises(ServerError, match=f"the ring on port {asked} keeps the experiment clock"):
        shared_ring.ask(asked, "SR:")
    live = json.loads(serve("ring", "--clock", "live", "--seed", "3", "--token", "t").stdout.readline())["port"]
    assert (shared_ring.ask(live, "SR:").seed, shared_ring.ask(live, "SR:").token) == (3, "t")
    connect(live).put("SR:SIM:Pause", 1)
    with pytest.raises(ServerError, match=f"the time of the ring on port {live} stands still"):
        shared_ring.ask(live, "SR:")


@pytest.mark.full
def test_two_engines_at_two_beamlines_of_one_command_hold_a_lease_each(terasu, twins, paged):
    sim = terasu.popen("sim", "bl09u", "bl10u", "--config", str(twins), "--time-scale", "10", environment=ALONE)
    exported = {**started(sim), **paged}
    assert len(exported["EPICS_CA_ADDR_LIST"].split()) == 3
    long = [
        terasu.popen("run", name, "mv", "dcm.bragg", "60", "--config", str(twins), environment=exported)
        for name in ("bl09u", "bl10u")
    ]
    leases = Path(terasu.environment["XDG_RUNTIME_DIR"])
    assert [one.wait(60) for one in long] == [0, 0], [one.stderr.read() for one in long]
    # side by side, and neither waited for the other: each held the lease of its own beamline
    both = [
        terasu.popen("run", name, "count", "num=50", "--config", str(twins), environment=exported)
        for name in ("bl09u", "bl10u")
    ]
    seen, pause = set(), threading.Event()
    while any(one.poll() is None for one in both):
        seen.add(frozenset(path.name.rpartition("-")[2] for path in leases.rglob("lease-*.lock")))
        pause.wait(0.05)
    assert [one.wait(60) for one in both] == [0, 0], [one.stderr.read() for one in both]
    assert frozenset({"bl09u.lock", "bl10u.lock"}) in seen
    sim.send_signal(signal.SIGINT)
    assert sim.wait(20) == 0


@pytest.mark.full
def test_a_second_sim_joins_the_ring_that_runs_and_ends_with_it(terasu, twins, paged):
    config = "--config", str(twins)
    first = terasu.popen("sim", "bl09u", *config, "--time-scale", "10", environment=ALONE)
    exported = started(first)
    refused = terasu.command("sim", "bl10u", *config, environment=ALONE)
    assert refused.returncode == 3
    assert "SR:… is served already, by `terasu sim bl09u`" in refused.stderr
    assert "--join another beamline to its ring" in refused.stderr
    second = terasu.popen("sim", "bl10u", *config, "--join", environment=ALONE)
    joined = started(second)
    assert joined["TERASU_SIM_TOKEN"] == exported["TERASU_SIM_TOKEN"]
    assert joined["EPICS_CA_ADDR_LIST"].split()[1] == exported["EPICS_CA_ADDR_LIST"].split()[1]
    done = terasu.command("run", "bl10u", "count", "num=1", *config, environment={**joined, **paged})
    assert done.returncode == 0, done.stderr
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 0
    assert second.wait(20) == 3
    assert "which another simulation had started, has ended" in second.stderr.read()


@pytest.mark.full
def test_simulations_side_by_side_have_nothing_in_common(simulate, connect, terasu):
    one, other = (simulate("bl09u", sample="none", seed=1, time_scale=100.0) for _ in range(2))
    assert one.token != other.token
    assert not set(one.ports.values()) & set(other.ports.values())
    assert not set(one.environment["EPICS_CA_ADDR_LIST"].split()) & set(other.environment["EPICS_CA_ADDR_LIST"].split())
    here, there = (connect(each.ports["beamline"]) for each in (one, other))
    here.put("BL09U:DCM:Bragg", 20.0)
    one.faults.set("beam_dump", "ring")
    assert (here.get("BL09U:DCM:Bragg.RBV"), there.get("BL09U:DCM:Bragg.RBV")) == (20.0, 16.2)
    assert connect(one.ports["ring"]).get("SR:Current") == 0.0
    assert connect(other.ports["ring"]).get("SR:Current") > 0.0
    # whoever was told of one is refused by the other, before anything moves
    mixed = {**other.environment, "TERASU_SIM_TOKEN": one.token}
    refused = terasu.command("run", "bl09u", "mv", "dcm.bragg", "30", environment=mixed)
    assert refused.returncode == 3
    assert "is simulated: --allow-simulated" in refused.stderr
    assert there.get("BL09U:DCM:Bragg.RBV") == 16.2
    # also where only the ring is another's
    addresses = [one.environment["EPICS_CA_ADDR_LIST"].split()[n] for n in (0, 1)]
    addresses[1] = other.environment["EPICS_CA_ADDR_LIST"].split()[1]
    crossed = {**one.environment, "EPICS_CA_ADDR_LIST": " ".join(addresses)}
    refused = terasu.command("run", "bl09u", "mv", "dcm.bragg", "30", environment=crossed)
    assert refused.returncode == 3
    assert "SR:… is simulated" in refused.stderr
    assert here.get("BL09U:DCM:Bragg.RBV") == 20.0
