"""A scan at a beamline of two protocols gives the numbers that it gives at a beamline of one."""

import pytest

from beam import facts

SIM = ("--sim", "--seed", "7", "--time-scale", "1000")
SPECTRUM = ("xas", "edge=Fe K", "regions=-20:-5:5 -5:20:1", "dwell_s=0.1")
MIXED = ("--config", str(facts.config_dir() / "mixed"))


def data(terasu, uid):
    _, descriptors, events, stop = terasu.documents(uid)
    assert stop["exit_status"] == "success"
    values = {stream: [event["data"] for event in found] for stream, found in events.items()}
    sources = {
        key: what["source"].split(":")[0] for doc in descriptors.values() for key, what in doc["data_keys"].items()
    }
    return values, sources


@pytest.mark.full
def test_ring_and_undulator_in_tango_give_the_same_data_bit_for_bit(terasu):
    epics, sources = data(terasu, terasu.run("run", "bl09u", *SPECTRUM, *SIM)["uid"])
    mixed, mixed_sources = data(terasu, terasu.run("run", "bl09u", *SPECTRUM, *SIM, *MIXED)["uid"])
    assert len(epics["primary"]) == 29
    assert mixed == epics
    tango = {key for key, source in mixed_sources.items() if source == "tango"}
    assert tango >= {"ring_current", "undulator_gap", "energy_gap"}
    assert {key: source for key, source in mixed_sources.items() if key not in tango} == {
        key: source for key, source in sources.items() if key not in tango
    }
    assert {sources[key] for key in tango} == {"ca"}


@pytest.mark.full
def test_counter_shutters_and_axes_in_tango_too_give_the_same_data_bit_for_bit(terasu, tmp_path):
    tango = {
        **{f"dcm.{key}": f"bl09u/dcm/{key}" for key in ("bragg", "perp", "pitch", "exchange")},
        **{"front_end": "bl09u/shutter/fe", "shutter": "bl09u/shutter/station"},
        **{"counter": "bl09u/counter/1", "i0": "bl09u/ic/i0", "it": "bl09u/ic/it"},
    }
    (tmp_path / "facility.toml").write_text(f'extends = "{MIXED[1]}"\n')
    tables = "".join(f'[devices.{key}]\ntango = "{address}"\n' for key, address in tango.items())
    (tmp_path / "bl09u.toml").write_text(tables)
    epics, _ = data(terasu, terasu.run("run", "bl09u", *SPECTRUM, *SIM)["uid"])
    mixed, sources = data(terasu, terasu.run("run", "bl09u", *SPECTRUM, *SIM, "--config", str(tmp_path))["uid"])
    assert mixed == epics
    assert {sources[key] for key in ("i0", "it", "count_time", "energy_bragg", "shutter")} == {"tango"}


@pytest.mark.full
def test_a_mixed_beamline_runs_from_nothing(terasu):
    answer = terasu.run("run", "bl09u", "scan", "energy", "7100", "7110", "num=3", *SIM, *MIXED)
    values, sources = data(terasu, answer["uid"])
    assert len(values["primary"]) == 3
    assert sources["energy_gap"] == "tango"
    assert sources["energy_bragg"] == "ca"
