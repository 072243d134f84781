"""Scenario files: what they may say."""

import pytest

from beam import scenario
from beam.errors import ConfigError

HEAD = 'schema_version = 1\ntitle = "t"\n'


def test_the_scenarios_that_we_ship_are_well_formed(config):
    for path in (config / "scenarios").glob("*.toml"):
        assert scenario.load(path).faults


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('fault = "a"\ntarget = "b"', "at_s or after_exposures must be given"),
        ('at_s = 1\nafter_exposures = 2\nfault = "a"\ntarget = "b"', "only one of them"),
        ('at_s = -1\nfault = "a"\ntarget = "b"', r"faults\.0\.at_s"),
        ('at_s = inf\nfault = "a"\ntarget = "b"', r"faults\.0\.at_s"),
        ('at_s = 1\nfalt = "a"\ntarget = "b"', r"faults\.0\.f"),
        ('at_s = 1\nfault = "a"\ntarget = "b"\nclear_after_s = 0', r"faults\.0\.clear_after_s"),
        ('at_s = 1\nfault = "a"\ntarget = "b"\nargs = { by = "x" }', r"faults\.0\.args"),
    ],
)
def test_what_it_cannot_say(tmp_path, entry, words):
    path = tmp_path / "s.toml"
    path.write_text(f"{HEAD}[[faults]]\n{entry}\n")
    with pytest.raises(ConfigError, match=words) as caught:
        scenario.load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        scenario.load(tmp_path / "nowhere.toml")
