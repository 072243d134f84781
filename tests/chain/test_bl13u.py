"""BL13U over the wire: its servers, and `terasu` as a user types it."""

import json

import caproto as ca
import pytest

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")


def test_the_undulator_moves_by_permission_and_the_orbit_settles_behind_it(simulate, connect):
    simulation = simulate("bl13u", time_scale=1000.0, seed=1, clock="experiment")
    client = connect(simulation.ports["beamline"])
    before = client.get("BL13U:SIM:Time")
    client.put("BL13U:ID:Gap", 40.0)
    client.put("BL13U:ID:Phase1:Setpoint", 10.0)
    # 20 mm and 10 mm at 2 mm/s, 0.1 s to full speed, 0.1 s until the orbit has settled
    assert client.get("BL13U:SIM:Time") - before == pytest.approx(10.2 + 5.2, abs=1e-6)
    assert client.get("BL13U:ID:Phase1:Readback") == pytest.approx(10.0)
    with pytest.raises(ca.ErrorResponseReceived):
        client.put("BL13U:ID:Phase1:Setpoint", 29.0)
    simulation.faults.set("undulator_permit_withdrawn", "undulator")
    for axis in ("Gap", "Phase2:Setpoint", "Shifter3:Setpoint", "Antiphase:Setpoint"):
        with pytest.raises(ca.ErrorResponseReceived):
            client.put(f"BL13U:ID:{axis}", 20.0)
    simulation.faults.clear("undulator_permit_withdrawn", "undulator")
    client.put("BL13U:ID:Shifter3:Setpoint", 180.0)
    assert client.get("BL13U:ID:Shifter3:Readback") == pytest.approx(180.0)
    energy = client.get("BL13U:ID:Energy")
    client.put("BL13U:ID:Phase2:Setpoint", 10.0)
    client.put("BL13U:ID:Phase1:Setpoint", 0.0)
    assert 0 < client.get("BL13U:ID:Energy") < energy  # a stronger field
    for pv, value in (("BL13U:MAG:Setpoint", 8.0), ("BL13U:SIM:Sample", "fe_foil")):
        with pytest.raises(ca.ErrorResponseReceived):
            client.put(pv, value)
    assert json.loads(client.get("BL13U:SIM:SampleRecord"))["name"] == "fe_film"


@pytest.mark.full
def test_moments_from_the_exported_file_alone(terasu, tmp_path):
    """The default regions; a second process has nothing but the file."""
    from beam import facts
    from beam.xmcd import magnetic_film

    file = tmp_path / "film.nxs"
    answer = terasu.run("run", "bl13u", "xmcd", "sequence=AB", "field_t=2", "dwell_s=0.3", *SIM, "--export", str(file))
    assert (answer["exit_status"], answer["num_points"]) == ("success", 246)
    found = json.loads(terasu.text("moments", str(file), "--json"))
    model = magnetic_film(facts.config_dir() / "samples/fe_film.toml").model
    assert found["orbital_ub"] == pytest.approx(model.orbital_moment_ub, rel=0.05)
    assert found["spin_ub"] == pytest.approx(model.spin_moment_ub, rel=0.05)
    start, descriptors, events, _ = terasu.documents(answer["uid"])
    assert {"baseline", "dark", "primary", "integrity"} <= set(descriptors)
    assert {start["sample"]["holes"], start["xmcd"]["saturation"]} == {3.39, 1.0}
    assert events["baseline"][-1]["data"]["shutter"] == "Closed"


@pytest.mark.full
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("energy_map", "0", "60", "3", "0", "1", "3", "[700]"), "stage_x 60 um: allowed -50 … 50 um"),
        (("mv", "energy", "2900", "polarisation", "circular+"), r"circular\+ reaches 210.9 … 1494.7 eV"),
    ],
    ids=["map", "polarisation"],
)
def test_what_cannot_be_is_refused_in_one_line(terasu, words, message):
    import re

    answer = terasu.command("run", "bl13u", *words, *SIM)
    assert answer.returncode == 3, answer.stderr
    assert re.search(message, answer.stderr.splitlines()[-1])
    assert not list((terasu.data / "journal").glob("*/*.jsonl"))
