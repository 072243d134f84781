"""A timeline of faults, played by the servers: the same at any time scale, refused where it makes no sense."""

import json

import caproto as ca
import pytest

from beam.errors import ConfigError
from ioc_sim.errors import ServerError
from ioc_sim.launch import Simulation

BRAGG, SCALER = "BL09U:DCM:Bragg", "BL09U:SC1"
HEAD = 'schema_version = 1\ntitle = "of a test"\n'
SCENARIO = f"""{HEAD}
[[faults]]
at_s = 10.0
fault = "motor_following_error"
target = "dcm.bragg"
args = {{ by = 0.01 }}
clear_after_s = 20.0

[[faults]]
after_exposures = 2
fault = "beam_dump"
target = "ring"

[[faults]]
after_exposures = 3
fault = "put_never_completes"
target = "counter"
clear_after_s = 15.0

[[faults]]
at_s = 100.0
fault = "shutter_permit_withdrawn"
target = "shutter"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "scenario.toml"
        path.write_text(text)
        return path

    return write


def play(simulation, connect):
    """Do the same things every time; return what an outside client sees."""
    client, ring = (connect(simulation.ports[name]) for name in ("beamline", "ring"))
    seen = []

    def look():
        active = [one["name"] for one in json.loads(client.get("BL09U:SIM:Faults"))]
        active += [one["name"] for one in json.loads(ring.get("SR:SIM:Faults"))]
        seen.append((client.get("BL09U:SIM:Time"), ring.get("SR:Mode"), client.get("BL09U:STN:Permit"), active))

    def count(seconds):
        client.put(f"{SCALER}.TP", seconds)
        client.put(f"{SCALER}.CNT", 1)

    client.put("BL09U:STN:Open", 1)
    start = client.get(f"{BRAGG}.RBV")
    look()
    client.put("BL09U:SIM:Advance", 10.0)
    look()
    client.put(BRAGG, start + 0.5)
    seen.append(round(client.get(f"{BRAGG}.RBV") - start, 4))
    count(1.0)
    client.put("BL09U:SIM:Advance", 20.0)
    look()
    count(1.0)  # the beam is lost before it completes
    look()
    count(1.0)  # its completion is held back; time goes on by as much, and lets it through
    look()
    client.subscribe("BL09U:STN:State")
    client.put("BL09U:SIM:Advance", 60.0)
    client.until(lambda: client.latest("BL09U:STN:State") == 0)  # it closes by itself, which takes its time
    look()
    with pytest.raises(ca.ErrorResponseReceived, match="the safety system"):
        client.put("BL09U:STN:Open", 1)
    return seen


@pytest.mark.full
def test_a_scenario_acts_at_the_same_points_at_any_time_scale(written, simulate, connect):
    path = written(SCENARIO)
    fast, slow = (play(simulate(time_scale=scale, seed=5, scenario=path), connect) for scale in (1000.0, 200.0))
    assert fast == slow
    looks = [one[1:] for one in fast if isinstance(one, tuple)]
    assert looks == [
        (0, 1, []),
        (0, 1, ["motor_following_error"]),
        (0, 1, []),
        (2, 1, ["beam_dump"]),
        (2, 1, ["beam_dump"]),
        (2, 0, ["shutter_permit_withdrawn", "beam_dump"]),
    ]
    assert fast[2] == pytest.approx(0.51, abs=1e-3)
    times = [one[0] for one in fast if isinstance(one, tuple)]
    assert times[4] - times[3] == pytest.approx(1.0 + 15.0)


def test_what_cannot_happen_here_is_refused_at_the_start(written):
    path = written(f'{HEAD}[[faults]]\nat_s = 1.0\nfault = "beam_dmp"\ntarget = "ring"\n')
    with pytest.raises(ServerError, match=r'faults\.0\.fault = "beam_dmp": .*did you mean beam_dump'):
        Simulation("bl09u", scenario=path).start()


def test_a_malformed_file_is_refused_before_anything_starts(written):
    with pytest.raises(ConfigError, match=r"scenario\.toml"):
        Simulation("bl09u", scenario=written(f"{HEAD}faults = []\n"))


@pytest.mark.full
def test_a_run_records_the_scenario_that_it_met(written, terasu):
    text = f'{HEAD}[[faults]]\nafter_exposures = 2\nfault = "beam_dump"\ntarget = "ring"\nclear_after_s = 30.0\n'
    done = terasu.run(
        *("run", "bl09u", "count", "[counter,ring]", "num=3", "--sim", "--seed", "1", "--time-scale", "100"),
        *("--scenario", str(written(text))),
    )
    start, _, events, _ = terasu.documents(done["uid"])
    assert start["scenario"] == "of a test"
    (current,) = (key for key in events["primary"][0]["data"] if key.endswith("current"))
    # the beam goes with the second exposure, before it completes: that point is taken again when it is back
    assert [one["data"][current] > 0 for one in events["primary"]] == [True, True, True]
    assert [one["data"]["suspension_point"] for one in events["suspensions"]] == [2]
    assert events["suspensions"][0]["data"]["suspension_waited"] > 30


@pytest.mark.full
def test_on_a_live_clock_a_scenario_goes_by_that(written, simulate, connect):
    entry = 'at_s = 400.0\nfault = "motor_invalid"\ntarget = "dcm.perp"\nclear_after_s = 50.0'
    simulation = simulate(clock="live", time_scale=50.0, scenario=written(f"{HEAD}[[faults]]\n{entry}\n"))
    client = connect(simulation.ports["beamline"])
    client.subscribe("BL09U:DCM:Perp.SEVR")
    for severity in (3, 0):
        client.until(lambda severity=severity: client.latest("BL09U:DCM:Perp.SEVR") == severity)
    assert client.get("BL09U:SIM:Time") > 440.0  # it is published now and then
    assert json.loads(client.get("BL09U:SIM:Faults")) == []
