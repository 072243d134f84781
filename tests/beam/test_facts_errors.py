import shutil

import pytest

from beam import facts
from beam.errors import ConfigError, UnknownName


@pytest.fixture
def change(config, tmp_path):
    """Load the configuration with one replacement in one of its files."""

    def load(old, new, file="bl09u.toml"):
        target = tmp_path / "config"
        shutil.copytree(config, target)
        path = target / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return facts.load("bl09u", target)

    return load


def test_the_configuration_is_valid(config):
    facility, beamline = facts.load("bl09u", config)
    assert beamline.beamline in facility.beamlines
    assert facts.config_hash(facility, beamline) == facts.config_hash(*facts.load("bl09u", config))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("travel_s = 0.2", "travel_s = -0.2", r"devices\.shutter\.travel_s = -0\.2: .* greater than or equal to 0"),
        ("travel_s = 0.2", "travl_s = 0.2", r"devices\.shutter\.travl_s: unknown key; did you mean travel_s\?"),
        ("travel_s = 0.2", "", r"devices\.shutter\.travel_s: missing"),
        ("low_deg = 4.0", "low_mm = 4.0", r"devices\.dcm\.bragg\.low_mm: unknown key; did you mean low_deg\?"),
        ("period_mm = 22.0", 'period_mm = "x"', r'devices\.undulator\.period_mm = "x": .* valid number'),
        ('magnet = "hybrid"', 'magnet = "hybird"', r"devices\.undulator\.magnet = \"hybird\": .*'hybrid' or 'ppm'"),
        ('kind = "dcm"', 'kind = "dcn"', r"devices\.dcm: .*'dcn'.*'planar_undulator'"),
        ("high_mm = 40.0", "high_mm = 4.0", r"devices\.undulator\.gap: low_mm <= start_mm <= high_mm must hold"),
        ("tolerance_mm = 0.002", "tolerance_mm = 0.00001", r"tolerance_mm .* finer than resolution_mm"),
        ("channel = 3", "channel = 2", r"devices\.it\.channel = 2 is already taken by devices\.i0"),
        ("channel = 3", "channel = 9", r"devices\.it\.channel = 9: counter has 8"),
        ('scaler = "counter"', 'scaler = "shutter"', r"devices\.i0\.scaler = 'shutter' is no device of kind 'scaler'"),
        ('default = "assumed"', 'min_kev = "assumed"', "source names 'min_kev', which is no key"),
        ('beamline = "bl09u"', 'beamline = "bl10u"', r"beamline = 'bl10u': must be 'bl09u'"),
        ("schema_version = 1", "schema_version = 2", r"schema_version = 2"),
        ("period_mm = 22.0", "period_mm = = 22.0", "line "),
    ],
)
def test_an_error_names_file_key_value_and_what_is_allowed(change, old, new, message):
    with pytest.raises(ConfigError, match=message) as caught:
        change(old, new)
    assert all("bl09u.toml: " in line for line in str(caught.value).splitlines())


def test_an_error_of_the_facility_names_its_file(change):
    with pytest.raises(ConfigError, match=r"facility\.toml: ring\.energy_gev = -3"):
        change("energy_gev = 3.0", "energy_gev = -3.0", "facility.toml")


def test_an_unknown_beamline_is_refused_with_those_there_are(config):
    with pytest.raises(UnknownName, match="unknown beamline 'bl09'; did you mean bl09u"):
        facts.load("bl09", config)


def test_a_directory_without_configuration_is_refused(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"no facility\.toml there"):
        facts.config_dir(tmp_path)
    monkeypatch.setenv("TERASU_CONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="nowhere"):
        facts.config_dir()


def test_every_figure_has_a_source(config):
    facility, beamline = facts.load("bl09u", config)

    def tables(table):
        if isinstance(table, facts.Sourced):
            yield table
        for name in type(table).model_fields:
            value = getattr(table, name)
            for one in value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, facts.Facts):
                    yield from tables(one)

    found = [*tables(facility), *tables(beamline)]
    assert len(found) > 8
    assert all("default" in table.source for table in found)
