"""`terasu run bl09u align`: finds what `[sim.offsets]` has put out of place, and needs light for it."""

import pytest

from beam import crystal, facts
from beam.undulator import PlanarUndulator

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")
PITCH = ("align", "motor=dcm.pitch", "start=-60", "stop=60", "num=41", "dwell_s=0.05")


@pytest.mark.full
def test_a_rocking_curve_off_its_place_is_found(terasu, config_copy):
    facility, beamline = facts.load("bl09u", config_copy)
    dcm = beamline.devices["dcm"]
    energy = crystal.energy_ev(dcm.bragg.start, crystal.spacing_angstrom(dcm.miller))
    gap = PlanarUndulator(beamline.devices["undulator"], facility.ring).gap_mm(energy, 3)
    file = config_copy / "bl09u.toml"
    text = file.read_text().replace("start_mm = 30.0", f"start_mm = {gap:.4f}")  # light from the start
    file.write_text(text + '\n[sim.offsets]\n"dcm.pitch" = 12.0\n')
    answer = terasu.run("run", "bl09u", *PITCH, *SIM, "--config", str(config_copy))
    assert answer["exit_status"] == "success"
    _, _, events, _ = terasu.documents(answer["uid"])
    assert len(events["primary"]) == 41
    (verified,) = events["verified"]
    assert verified["data"]["dcm_pitch"] == pytest.approx(-12.0, abs=1.0)


@pytest.mark.full
def test_without_light_nothing_begins(terasu):
    answer = terasu.command("run", "bl09u", *PITCH, *SIM)
    assert answer.returncode == 3
    assert "no light, the undulator's gap is 30 mm" in answer.stderr
    assert not list((terasu.data / "journal").glob("*/*.jsonl"))
