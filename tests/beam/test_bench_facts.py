"""The facts of a bench: what is written is found, and what is wrong is said."""

import shutil

import pytest

from beam import bench, facts
from beam.errors import ConfigError, UnknownName


@pytest.fixture
def change(config, tmp_path):
    """Load the bench with one replacement in its file."""

    def load(old, new):
        target = shutil.copytree(config, tmp_path / "config")
        path = target / "bench.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return bench.load("bench", target)

    return load


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "scalers"', 'kind = "scaler"', r"devices\.counter: .*'scaler'.*'linear_motors'"),
        ("low_mm = -100.0", "low_deg = -100.0", r"devices\.table\.low_deg: unknown key; did you mean low_mm"),
        ("low_mm = -100.0", "low_mm = 200.0", r"devices\.table: low_mm <= start_mm <= high_mm must hold"),
        (
            "velocity_mm_per_s = 1.0",
            "velocity_mm_per_s = 0",
            r"devices\.table\.velocity_mm_per_s = 0: .*greater than 0",
        ),
        ("channels = 16", "channels = 4", r"devices\.counter: inputs\.3\.channel = 5: there are 4"),
        ("channel = 3", "channel = 2", r"devices\.counter: inputs\.1\.channel = 2 is already taken"),
        ("channel = 3", "channel = 1", r"devices\.counter\.inputs\.1\.channel = 1: .*greater than or equal to 2"),
        ('["gp:scaler1"]', "[]", r"devices\.counter\.prefixes = \[\]: .*at least 1 item"),
        ('["gp:scaler1"]', '["gp m1"]', r'devices\.counter\.prefixes\.0 = "gp m1": '),
        ('["gp:scaler1"]', '["gp:m1"]', r"devices\.counter\.prefixes: gp:m1 is already taken by devices\.general"),
        ('bench = "bench"', 'bench = "table"', r"bench = 'table': must be 'bench', as the file is called"),
        (
            '"ROI1", "ROI2"',
            '"ROI1", "Roi2"',
            r"devices\.pattern_camera: plugins\.2 = 'Roi2': image, ROI, Stats, .* are there",
        ),
        ('"ROI1", "ROI2"', '"ROI1", "ROI1"', r"devices\.pattern_camera: plugins\.2 = 'ROI1' is already listed"),
        ("channels = 16", "chanels = 16", r"devices\.counter\.chanels: unknown key; did you mean channels"),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(change, old, new, message):
    with pytest.raises(ConfigError, match=message) as caught:
        change(old, new)
    assert all("bench.toml: " in line for line in str(caught.value).splitlines())


def test_motors_may_be_in_degrees(change):
    angles = """[devices.turn]
kind = "rotary_motors"
prefixes = ["T:m1"]
label = "turntable"
low_deg = -180.0
high_deg = 180.0
start_deg = 0.0
resolution_deg = 0.001
tolerance_deg = 0.01
velocity_deg_per_s = 10.0
acceleration_s = 0.2

[devices.table]"""
    turn = change("[devices.table]", angles).devices["turn"]
    assert (turn.unit, turn.low, turn.velocity) == ("deg", -180.0, 10.0)


def test_benches_and_beamlines_are_found_by_name(config):
    facility = facts.load_facility(config)
    for name in facility.benches:
        assert bench.load_served(name, config) == bench.load(name, config)
    for name in facility.beamlines:
        assert bench.load_served(name, config) == facts.load(name, config)[1]
    with pytest.raises(UnknownName, match="unknown beamline or bench 'bnch'; did you mean bench"):
        bench.load_served("bnch", config)
    with pytest.raises(UnknownName, match="unknown bench 'bl09u'; known: bench"):
        bench.load("bl09u", config)
    with pytest.raises(UnknownName, match="unknown beamline 'bench'"):
        facts.load("bench", config)


def test_every_table_of_the_bench_has_a_source(config):
    assert all("default" in device.source for device in bench.load("bench", config).devices.values())
