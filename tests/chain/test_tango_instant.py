"""An axis that moves in no time: the event of its way is still coming when the answer says that it has arrived."""

import pytest

from beam import facts
from devices import MotorAxis
from devices.deadlines import PATIENCE
from ioc_sim.launch import Simulation

MOVES = 400
INSTANT = '[devices.dcm.pitch]\ntango = "bl09u/dcm/pitch"\nvelocity_urad_per_s = 1.0e9\nacceleration_s = 0.0\n'


@pytest.fixture
def axis(tmp_path, monkeypatch):
    (tmp_path / "facility.toml").write_text(f'extends = "{facts.config_dir()}"\n')
    (tmp_path / "bl09u.toml").write_text(INSTANT)
    monkeypatch.setattr(PATIENCE, "time_scale", 1000.0)
    with Simulation("bl09u", config=tmp_path, time_scale=1000.0, seed=1, sample="none") as running:
        monkeypatch.setenv("TANGO_HOST", running.environment["TANGO_HOST"])
        found = MotorAxis(facts.load("bl09u", tmp_path)[1].devices["dcm"].pitch, name="instant_pitch")
        found.wait_for_connection(timeout=20.0)
        yield found
        found.destroy()


def test_each_move_ends_as_it_should(axis):
    for number in range(MOVES):
        place = float(number % 7 - 3)
        axis.set(place).wait(20.0)
        assert axis.position == pytest.approx(place, abs=axis.facts.tolerance)
