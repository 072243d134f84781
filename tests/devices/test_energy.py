import pytest

from beam.errors import OutOfReach
from devices.errors import MoveFailed, NotPermitted, Stopped
from devices.state import State


def test_moves_gap_bragg_and_perp_together(bl, server):
    bl.energy.set(7112.0).wait(1)
    assert bl.energy.position == pytest.approx(7112.0, abs=1e-9)
    written = dict(server.writes)
    assert set(written) == {"BL09U:ID:Gap", "BL09U:DCM:Bragg.VAL", "BL09U:DCM:Perp.VAL"}
    physics = bl.undulator.physics
    assert physics.energy_ev(written["BL09U:ID:Gap"], bl.energy.harmonic) == pytest.approx(7112.0)
    # by hand: sin θ = 12398.42 eV Å / (2 · 3.13560 Å · 7112 eV) = 0.277987
    assert written["BL09U:DCM:Bragg.VAL"] == pytest.approx(16.1402, abs=1e-3)
    assert written["BL09U:DCM:Perp.VAL"] == pytest.approx(13.0129, abs=1e-3)


@pytest.mark.parametrize("energy", [1500.0, 20000.0, float("nan")])
def test_out_of_reach_says_what_is_possible_and_nothing_moves(bl, server, energy):
    with pytest.raises(OutOfReach, match=r"bl09u energy .* eV: Si\(111\) reaches 2100 … 15000 eV"):
        bl.energy.set(energy)
    assert server.writes == []


def test_an_axis_that_may_not_move_refuses_the_energy(bl, server):
    server.post("BL09U:ID:Permit", 0)
    with pytest.raises(NotPermitted, match=r"bl09u energy 7112 eV: undulator_gap"):
        bl.energy.set(7112.0)
    assert server.writes == []
    assert bl.energy.state is State.DISABLE


def test_limits_of_an_axis_refuse_the_energy(bl, server):
    server.post("BL09U:DCM:Perp.HLM", 12.9)
    with pytest.raises(OutOfReach, match=r"bl09u energy 7112 eV: dcm_perp"):
        bl.energy.set(7112.0)
    assert server.writes == []


def test_the_energy_itself_must_be_right_at_the_end(bl, monkeypatch):
    # every axis within its tolerance, the energy not: the tolerance of the energy decides
    monkeypatch.setattr(bl.energy, "facts", bl.energy.facts.model_copy(update={"tolerance_ev": 1e-4}))
    bl.fake.motors["bragg"].lands_at = lambda target: target + 1.5e-5
    with pytest.raises(
        MoveFailed, match=r"bl09u energy: ended at .* eV, asked for 7112.0000 eV \(tolerance 0.0001 eV\)"
    ):
        bl.energy.set(7112.0).wait(1)


def test_one_axis_that_fails_stops_the_others(bl, server):
    bl.fake.motors["perp"].hold = True
    bl.fake.motors["bragg"].lands_at = lambda target: target + 1.0
    with pytest.raises(MoveFailed, match="dcm_bragg"):
        bl.energy.set(7112.0).wait(1)
    assert ("BL09U:DCM:Perp.STOP", 1) in server.writes
    bl.fake.motors["perp"].hold = False
    bl.fake.motors["bragg"].lands_at = lambda target: target
    bl.energy.set(7112.0).wait(1)


def test_stop(bl):
    bl.fake.motors["bragg"].hold = True
    status = bl.energy.set(7112.0)
    bl.energy.stop()
    with pytest.raises(Stopped):
        status.wait(1)


def test_a_stop_that_was_meant_ends_the_move_wherever_the_axes_are(bl):
    # the run engine stops so before a pause, and repeats the move when it goes on
    bl.fake.motors["bragg"].hold = True
    status = bl.energy.set(7112.0)
    bl.energy.stop(success=True)
    status.wait(1)
    bl.fake.motors["bragg"].hold = False
    bl.energy.set(7112.0).wait(1)
    bl.energy.stop(success=True)  # at rest: nothing to tell anybody


def test_harmonic_can_be_fixed(bl):
    automatic = bl.undulator.physics.best_harmonic(7112.0)
    others = [n for n in bl.undulator.physics.harmonics_for(7112.0) if n != automatic]
    bl.energy.harmonic_choice.set(others[0]).wait(1)
    bl.energy.set(7112.0).wait(1)
    assert bl.energy.read()["energy_harmonic"]["value"] == others[0]
    with pytest.raises(OutOfReach, match=r"energy_harmonic_choice 4: allowed are 1, 3, 5"):
        bl.energy.harmonic_choice.set(4)


def test_one_harmonic_for_a_whole_range(bl):
    chosen = bl.energy.choose_harmonic([6950.0, 7112.0, 7700.0])
    for energy in (6950.0, 7700.0):
        assert chosen in bl.undulator.physics.harmonics_for(energy)
    with pytest.raises(OutOfReach, match=r"no single harmonic reaches the whole range"):
        bl.energy.choose_harmonic([2100.0, 15000.0])


def test_documents(bl):
    bl.energy.set(7112.0).wait(1)
    reading, keys = bl.energy.read(), bl.energy.describe()
    assert reading.keys() == keys.keys()
    assert set(keys) == {"energy", "energy_setpoint", "energy_harmonic", "energy_gap", "energy_bragg"}
    assert keys["energy"]["units"] == "eV"
    assert (keys["energy"]["lower_ctrl_limit"], keys["energy"]["upper_ctrl_limit"]) == (2100.0, 15000.0)
    assert keys["energy_gap"]["units"] == "mm"
    assert bl.energy.hints == {"fields": ["energy"]}
    assert not keys.keys() & bl.undulator.describe().keys()
    assert "eV, harmonic" in bl.energy.status_text


def test_without_light_there_is_no_harmonic(bl, server):
    server.post("BL09U:ID:GapRbv", 30.0)
    assert bl.energy.harmonic == 0
