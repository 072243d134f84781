"""A configuration that extends another, and addresses of either protocol."""

import shutil

import pytest

from beam import facts, overlay
from beam.errors import ConfigError
from beam.sample import load_sample, sample_names


@pytest.fixture
def extending(config, tmp_path):
    """Return a function that makes a directory which extends a copy of the configuration."""
    shutil.copytree(config, tmp_path / "config")

    def make(**files):
        directory = tmp_path / "other"
        directory.mkdir()
        files = {"facility": "", **files}
        files["facility"] = 'extends = "../config"\n' + files["facility"]
        for name, text in files.items():
            (directory / f"{name}.toml").write_text(text)
        return directory

    return make


def test_the_mixed_configuration_differs_in_addresses_only(config):
    facility, beamline = facts.load("bl09u", config / "mixed")
    plain_facility, plain = facts.load("bl09u", config)
    assert (facility.ring.address, facility.ring.tango_name) == ("sr/ring/1", "sr/ring/1")
    assert facility.ring.own_prefix == plain_facility.ring.prefix
    assert beamline.devices["undulator"].gap.address == "bl09u/id/1"
    assert facts.speaks_tango(facility)
    assert facts.speaks_tango(beamline)
    assert not facts.speaks_tango(plain_facility, plain)

    def without(address, table):
        return {key: value for key, value in table.model_dump().items() if key not in ("prefix", "tango")} | address

    assert without({}, facility.ring) == without({}, plain_facility.ring)
    gap = beamline.devices["undulator"].gap
    assert without({}, gap) == without({}, plain.devices["undulator"].gap)
    flyer = beamline.devices["flyer"]
    assert flyer.address == "bl09u/flyer/1"
    assert without({}, flyer) == without({}, plain.devices["flyer"])
    for name in plain.devices.keys() - {"undulator", "flyer"}:
        assert beamline.devices[name] == plain.devices[name]
    assert facts.config_hash(facility, beamline) != facts.config_hash(plain_facility, plain)


def test_samples_are_found_below_and_can_be_replaced(extending, config):
    directory = extending()
    assert sample_names(directory) == sample_names(config)
    assert load_sample("fe_foil", directory).record() == load_sample("fe_foil", config).record()
    (directory / "samples").mkdir()
    shutil.copy(config / "samples" / "fe_foil.toml", directory / "samples" / "mine.toml")
    assert "mine" in sample_names(directory)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"bl09u": '[devices.undulator.gap]\ntango = "bl09u"\n'}, r"bl09u\.toml: devices\.undulator\.gap\.tango"),
        (
            {"bl09u": '[devices.undulator.gap]\ntango = "bl09u/id/1"\nprefix = "A:"\n'},
            r"devices\.undulator\.gap: exactly one of prefix \(EPICS\) and tango .*; both are given",
        ),
        ({"bl09u": '[devices.undulator.gap]\nprefix = ""\n'}, r"devices\.undulator\.gap\.prefix"),
        ({"bl09u": "[devices.undulator]\nperods = 3\n"}, r"perods: unknown key; did you mean periods"),
        ({"bl09u": "[devices\n"}, r"other/bl09u\.toml: .*line 1"),
    ],
)
def test_what_is_wrong_names_the_extending_file(extending, files, message):
    with pytest.raises(ConfigError, match=message):
        facts.load("bl09u", extending(**files))


def test_no_address_at_all_is_refused(extending, tmp_path):
    path = tmp_path / "config" / "bl09u.toml"
    directory = extending()
    path.write_text(path.read_text().replace('prefix = "BL09U:ID:"\n', ""))
    with pytest.raises(ConfigError, match="neither is given"):
        facts.load("bl09u", directory)


@pytest.mark.parametrize("address", ["tango://host:10000/bl09u/id/1", "tango://127.0.0.1:1234/bl09u/id/1#dbase=no"])
def test_an_address_may_name_its_host(extending, address):
    directory = extending(bl09u=f'[devices.undulator.gap]\ntango = "{address}"\n')
    gap = facts.load("bl09u", directory)[1].devices["undulator"].gap
    assert (gap.address, gap.tango_name) == (address, "bl09u/id/1")


def test_extending_nothing_and_each_other(tmp_path):
    for name, base in (("one", "two"), ("two", "one"), ("three", "nowhere")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "facility.toml").write_text(f'extends = "../{base}"\n')
    with pytest.raises(ConfigError, match="extends itself"):
        overlay.layers(tmp_path / "one")
    with pytest.raises(ConfigError, match=r"extends = '\.\./nowhere': no facility\.toml there"):
        overlay.layers(tmp_path / "three")
