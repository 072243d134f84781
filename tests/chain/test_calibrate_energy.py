"""The energy scale comes right by a foil: over the wire, and by the command with a perturbed simulation."""

import numpy as np
import pytest

from beam.xdi import read_xdi
from daq.plan_call import with_roles
from daq.settings import KeepSettings, SettingsStore
from plans import calibrate_energy
from plans.calibrate_energy import NoEdge

pytestmark = pytest.mark.full

WRONG_DEG = 0.0015


@pytest.fixture
def kept(acquire, tmp_path):
    """What becomes of the session's settings; its device is as it was afterwards."""
    said = []
    store = SettingsStore(tmp_path, "bl09u", simulated=True)
    KeepSettings(acquire.engine, acquire.tree, store, said.append)
    yield store, said
    acquire.engine.unregister_command("setting")
    acquire.engine.md.pop("settings", None)
    acquire.tree.dcm.bragg_offset_deg = 0.0


def calibrate(acquire, edge, **arguments):
    plan = with_roles(calibrate_energy, acquire.tree)
    return acquire(plan(edge, dwell_s=0.2, **arguments))


def test_an_offset_is_found_set_kept_and_recorded(acquire, kept):
    store, said = kept
    here = calibrate(acquire, "Fe K", reference_ev=7112.0)  # where this sample has it on a true scale
    acquire.tree.dcm.bragg_offset_deg = WRONG_DEG
    runs = []
    token = acquire.engine.subscribe(lambda _, doc: runs.append(doc["uid"]), "start")
    found = calibrate(acquire, "Fe K", reference_ev=here)
    acquire.engine.unsubscribe(token)
    ev_per_deg = -here * np.radians(1.0) / np.tan(np.radians(16.14))
    assert found - here == pytest.approx(WRONG_DEG * ev_per_deg, abs=0.1)
    assert acquire.tree.dcm.bragg_offset_deg == pytest.approx(0.0, abs=0.1 / abs(ev_per_deg))
    version = store.latest()
    assert version.values == {"dcm.bragg_offset_deg": acquire.tree.dcm.bragg_offset_deg}
    assert (version.run, version.version) == (runs[-1], 2)
    assert f"reference {here:.2f} eV" in version.why
    assert acquire.engine.md["settings"]["version"] == 2
    assert "dcm.bragg_offset_deg" in said[-1]


@pytest.mark.parametrize(
    ("edge", "arguments", "words"),
    [
        ("Cu K", {}, "Cu K: no edge between .* is this foil in the beam"),
        ("Fe K", {"reference_ev": 7126.0}, "expected within 10 eV of 7126.00 eV, one at 711"),
    ],
)
def test_another_foil_sets_nothing(acquire, kept, edge, arguments, words):
    with pytest.raises(NoEdge, match=words):
        calibrate(acquire, edge, **arguments)
    assert kept[0].history() == []
    assert acquire.tree.dcm.bragg_offset_deg == 0.0


def test_what_the_simulation_is_off_by_comes_back(terasu, tmp_path, config_copy):
    sim = ("--sim", "--seed", "7", "--time-scale", "1000")
    scan = ("run", "bl09u", "xas", "edge=Fe K", "regions=-25:35:0.5", "dwell_s=0.2", *sim)
    terasu.run(*scan, "--export", str(tmp_path / "straight.xdi"))
    straight = edge(tmp_path / "straight.xdi")
    with (config_copy / "bl09u.toml").open("a") as file:
        file.write('\n[sim.offsets]\n"dcm.bragg" = 0.002\n')
    off = ("--config", str(config_copy))
    terasu.run(*scan, *off, "--export", str(tmp_path / "off.xdi"))
    assert edge(tmp_path / "off.xdi") - straight > 0.7
    answer = terasu.run("run", "bl09u", "calibrate_energy", "edge=Fe K", f"reference_ev={straight}", *sim, *off)
    terasu.run(*scan, *off, "--export", str(tmp_path / "again.xdi"))
    assert edge(tmp_path / "again.xdi") == pytest.approx(straight, abs=0.1)
    assert answer["uid"][:8] in terasu.text("settings", "show", "bl09u", "--history", "--sim")


def edge(path):
    from beam.inflection import first_inflection

    table = read_xdi(path)
    return first_inflection(table.columns["energy"], np.log(table.columns["i0"] / table.columns["itrans"]), 7112.0)
