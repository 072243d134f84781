"""A bench: its records at the names of its file, whatever they are, with no ring; seen by a raw client."""

import pytest

from beam import bench
from ioc_sim.errors import ServerError
from ioc_sim.launch import Simulation


@pytest.fixture(scope="module")
def served():
    with Simulation("bench", time_scale=100.0, seed=3) as simulation:
        yield simulation


def test_every_prefix_of_the_file_is_served_and_no_ring(served, connect):
    client = connect(served.ports["beamline"])
    wanted = {"linear_motors": "motor", "rotary_motors": "motor", "scalers": "scaler"}
    wanted |= {"mcas": "mca", "busies": "busy", "waveforms": "waveform"}
    names = set()
    for device in bench.load("bench").devices.values():
        for prefix in device.prefixes if device.kind in wanted else ():
            assert client.get(f"{prefix}.RTYP") == wanted[device.kind]
            names.add(client.get(f"{prefix}.NAME"))
    numbered = {"XF:31IDA-OP{Tbl-Ax:X%d}Mtr": 6, "sim:mtr%d": 6, "gp:m%d": 8, "gp:scaler%d": 1}
    numbered |= {"gp:arm%d": 1, "gp:det%d:z": 1, "gp:det%d:stop": 1}
    numbered |= {"gp:mca%d": 1, "gp:dxp:mca%d": 1, "gp:busy%d": 1, "gp:wf%d": 1}
    assert names == {name % n for name, count in numbered.items() for n in range(1, count + 1)}
    assert client.get("BENCH:SIM:Simulated") == 1
    assert client.get("BENCH:SIM:Token") == served.token
    assert set(served.ports) == set(served.pids) == {"beamline", "repeater"}
    assert served.environment["EPICS_CA_ADDR_LIST"] == f"127.0.0.1:{served.ports['beamline']}"


def test_a_motor_moves_and_the_clock_follows(served, connect):
    client = connect(served.ports["beamline"])
    before = client.get("BENCH:SIM:Time")
    client.put("gp:m3", 4.5)
    assert client.get("gp:m3.RBV") == pytest.approx(4.5)
    assert client.get("gp:m4.RBV") == 0.0
    assert client.get("gp:m3.DESC") != client.get("gp:m4.DESC")
    # 4.5 mm at 1 mm/s, and one ramp of 0.2 s
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(4.7)


def test_a_scaler_counts_its_sources_as_the_seed_says(served, connect, simulate):
    client = connect(served.ports["beamline"])
    again = connect(simulate("bench", time_scale=100.0, seed=3).ports["beamline"])
    other = connect(simulate("bench", time_scale=100.0, seed=4).ports["beamline"])
    seen = []
    for one in (client, again, other):
        one.put("gp:scaler1.TP", 2.0)
        one.put("gp:scaler1.CNT", 1)
        seen.append([one.get(f"gp:scaler1.S{n}") for n in range(1, 7)])
        assert one.get("gp:scaler1:ExposureCount") == 1
    assert seen[0] == seen[1] != seen[2]
    clock, first, *_, idle = seen[0]
    assert clock == 2.0e7
    assert first == pytest.approx(2.0e5, abs=6 * 2.0e5**0.5)
    assert idle == 0
    assert client.get("gp:scaler1.NM2") == "I0"


def test_any_other_file_is_served_as_well(simulate, connect, config_copy):
    text = (config_copy / "bench.toml").read_text().replace('bench = "bench"', 'bench = "mine"')
    text = text.replace("gp:", "Odd{Name:1}").replace('prefix = "BENCH:"', 'prefix = "MINE:"')
    (config_copy / "mine.toml").write_text(text)
    facility = config_copy / "facility.toml"
    facility.write_text(facility.read_text().replace('benches = ["bench"]', 'benches = ["bench", "mine"]'))
    client = connect(simulate("mine", config=config_copy).ports["beamline"])
    assert client.get("Odd{Name:1}m8.RTYP") == "motor"
    assert client.get("MINE:SIM:Simulated") == 1


def test_what_a_bench_cannot_do_is_refused():
    with pytest.raises(ServerError, match="bench has no beam: --sample fe_foil cannot be put into it"):
        Simulation("bench", sample="fe_foil").start()


def test_the_command_says_how_to_reach_it_and_check_lists_it(terasu):
    process = terasu.popen("sim", "bench", "--clock", "experiment")
    said = []
    while not said or said[-1] != "ready":
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said.append(line.strip())
    assert said[0].startswith("export EPICS_CA_ADDR_LIST=127.0.0.1:")
    process.terminate()
    assert process.wait(20) == 0
    assert "bench: Motors, counters and detectors" in (listed := terasu.text("check", "bench", "--offline"))
    assert "gp:m1 … gp:m8: 8 linear_motors" in listed
