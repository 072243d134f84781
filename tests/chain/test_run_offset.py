"""What `[sim.offsets]` perturbs shows in the spectrum, by as much as the optics say, until a setting corrects it."""

import numpy as np
import pytest

from beam.xdi import read_xdi

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")


@pytest.mark.full
def test_a_bragg_offset_shifts_the_edge_by_what_bragg_says(terasu, tmp_path, config_copy):
    offset_deg = 0.002
    with (config_copy / "bl09u.toml").open("a") as file:
        file.write(f'\n[sim.offsets]\n"dcm.bragg" = {offset_deg}\n')
    scan = ("xas", "edge=Fe K", "regions=-10:12:1", "dwell_s=0.1", *SIM)
    straight = terasu.run("run", "bl09u", *scan, "--export", str(tmp_path / "straight.xdi"))
    turned = terasu.run("run", "bl09u", *scan, "--config", str(config_copy), "--export", str(tmp_path / "turned.xdi"))
    assert straight["exit_status"] == turned["exit_status"] == "success"
    edges = [half_height(read_xdi(tmp_path / f"{name}.xdi")) for name in ("straight", "turned")]
    # E ~ 1/sin(theta): turned further than it says, the crystal passes less energy than it says, so the edge is
    # met at a higher reading
    expected = 7112.0 * np.radians(offset_deg) / np.tan(np.radians(16.140))
    assert edges[1] - edges[0] == pytest.approx(expected, abs=0.05)

    setting = f"dcm.bragg_offset_deg={offset_deg}"
    terasu.text("settings", "set", "bl09u", setting, "--run", turned["uid"][:8], "--why", "test", "--sim")
    answer = terasu.run("run", "bl09u", *scan, "--config", str(config_copy), "--export", str(tmp_path / "again.xdi"))
    assert half_height(read_xdi(tmp_path / "again.xdi")) == pytest.approx(edges[0], abs=0.02)
    recorded = terasu.documents(answer["uid"])[0]["settings"]
    assert recorded["version"] == 1
    assert recorded["values"]["dcm"]["bragg_offset_deg"] == offset_deg
    assert terasu.documents(turned["uid"])[0]["settings"]["version"] == 0
    assert f"from run {turned['uid'][:8]} (test)" in terasu.text("settings", "show", "bl09u", "--history", "--sim")


def half_height(spectrum):
    energy = spectrum.columns["energy"]
    mu = np.log(spectrum.columns["i0"] / spectrum.columns["itrans"])
    rise = slice(0, int(np.argmax(mu > mu.min() + 0.75 * np.ptp(mu))) + 1)
    return np.interp(mu.min() + 0.5 * np.ptp(mu), mu[rise], energy[rise])
