"""Sample stage, temperature and potential of BL09U, over the wire."""

import bluesky.plan_stubs as bps
import numpy as np
import pytest

from plans import sample_map


@pytest.fixture
def of_map(acquire):
    roles = acquire.tree.roles
    return {
        "stage": roles["sample_stage"],
        **{role: roles[role] for role in ("detectors", "sdd", "energy", "shutter", "front_end", "ring")},
    }


def test_a_map_shows_the_sample_the_right_way_round(acquire, of_map):
    events = []
    token = acquire.engine.subscribe(lambda name, doc: events.append(doc["data"]), "event")
    try:
        acquire(sample_map(-3, 5, 5, -2.5, 4.0, 5, 0.1, energy_ev=7200.0, **of_map))
    finally:
        acquire.engine.unsubscribe(token)
    points = [event for event in events if "sdd_fe_ka" in event]
    assert len(points) == 25
    sample = acquire.tree.sample_stage.facts
    for point in points:
        x, y = point["sample_stage_x"], point["sample_stage_y"]
        inside = sample.left_mm < x < sample.right_mm and sample.bottom_mm < y < sample.top_mm
        assert (point["sdd_fe_ka"] > 1000) is inside
        assert (point["it"] / point["i0"] < 0.5) is inside
    assert 0 < np.mean([point["sdd_fe_ka"] > 1000 for point in points]) < 1


def test_a_temperature_takes_its_ramp_and_has_settled_at_the_end(simulation, acquire, connect):
    client, stage = connect(simulation.ports["beamline"]), acquire.tree.temperature
    wanted = stage.position + 20.0
    client.subscribe("BL09U:TEMP:Readback")
    before, takes = client.get("BL09U:SIM:Time"), stage.nominal_s(wanted)
    acquire(bps.mv(stage, wanted))
    assert client.get("BL09U:SIM:Time") - before == pytest.approx(takes, rel=1e-6)
    assert stage.position == pytest.approx(wanted)
    way = [value for kind, _, value in client.arrived if kind == "monitor"]
    assert len(way) > 5
    assert way == sorted(way)
    acquire(bps.mv(stage, wanted - 20.0))


def test_a_hold_ends_a_ramp_where_it_is(acquire):
    stage = acquire.tree.temperature
    from devices.errors import Stopped

    status = stage.set(stage.position + 100.0)
    stage.stop()
    with pytest.raises(Stopped, match="stopped on its way to"):
        status.wait(10)
    acquire(bps.mv(stage, 295.0))
    assert stage.position == pytest.approx(295.0)


def test_a_potential_drives_its_current(acquire):
    potential = acquire.tree.potential
    acquire(bps.mv(potential, 0.5))
    facts = potential.facts
    assert potential.current.fetch().value == pytest.approx(
        (0.5 - facts.open_circuit_v) / facts.resistance_ohm, abs=1e-6
    )
    acquire(bps.mv(potential, 0.0))
