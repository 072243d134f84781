"""Both of ophyd's control layers carry the chain: the same events, bit for bit, and a fault ends the run over both."""

import pytest

FEW = "-20:-5:5 -5:20:1 20:60:10"
SIM = ("--sim", "--seed", "3", "--time-scale", "100")
LAYERS = ("pyepics", "caproto")


@pytest.mark.full
def test_the_chain_gives_the_same_over_both_layers(terasu):
    found = []
    for layer in LAYERS:
        words = ("run", "bl09u", "xas", "Fe K", f"regions={FEW}", *SIM, "--json")
        answer = terasu.finish(terasu.popen(*words, environment={"OPHYD_CONTROL_LAYER": layer}))
        assert answer["exit_status"] == "success"
        _, _, events, _ = terasu.documents(answer["uid"])
        found.append([event["data"] for event in events["primary"]])
    assert len(found[0]) > 20
    assert found[0] == found[1]


@pytest.mark.full
@pytest.mark.parametrize("layer", LAYERS)
def test_a_motor_that_slips_fails_the_run_over_both_layers(terasu, layer, tmp_path):
    scenario = tmp_path / "slips.toml"
    fault = 'at_s = 1.0\nfault = "motor_following_error"\ntarget = "dcm.bragg"\nargs = { by = 0.0002 }\n'
    scenario.write_text(f'schema_version = 1\ntitle = "slips"\n[[faults]]\n{fault}')
    words = ("run", "bl09u", "xas", "Fe K", f"regions={FEW}", *SIM, "--scenario", str(scenario))
    answer = terasu.command(*words, environment={"OPHYD_CONTROL_LAYER": layer})
    assert answer.returncode == 4, answer.stdout
    assert "dcm_bragg: ended at" in answer.stderr


@pytest.mark.full
def test_another_layer_is_refused_by_name(terasu):
    answer = terasu.command("run", "bl09u", "count", *SIM, environment={"OPHYD_CONTROL_LAYER": "dummy"})
    assert answer.returncode != 0
    assert "OPHYD_CONTROL_LAYER" in answer.stderr
    assert "Traceback" not in answer.stderr
