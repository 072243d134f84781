import shutil

import pytest

from beam import facts
from beam.errors import ConfigError
from daq.cli import main
from daq.errors import DataError
from daq.export.placing import automatic, fit, place
from daq.export.run_data import RunData


@pytest.fixture
def run(new_run):
    one = RunData.from_documents(new_run())
    one.start |= {"scan_id": 7, "proposal": "2026A-1", "time": 1.79e9}
    return one


@pytest.fixture
def facility():
    return facts.load_facility()


def with_path(facility, template):
    return facts.Facility.model_validate(facility.model_dump(exclude={"data_path"}) | {"data_path": template})


def test_auto_goes_where_the_facility_says(run, tmp_path, facility):
    exports = tmp_path / "exports"
    assert place("auto", run, tmp_path, facility) == exports / "2026A-1/bl09u/00007_model_foil.nxs"
    assert place("auto.XDI", run, tmp_path, facility) == exports / "2026A-1/bl09u/00007_model_foil.xdi"
    other = with_path(facility, "{date}/{plan}-{uid}")
    assert place("auto", run, tmp_path, other).name == f"xas-{run.uid[:8]}.nxs"


def test_any_other_name_is_a_file(run, tmp_path, facility):
    for name in ("auto/x.nxs", "./auto.nxs", "automatic.nxs"):
        assert automatic(name) is None
        assert str(place(name, run, tmp_path, facility)) == name.removeprefix("./")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("../../etc/passwd", "_._.._etc_passwd"),
        ("..", "_."),
        ("/abs", "_abs"),
        (".hidden", "_hidden"),
        ("a\0b\nc", "a_b_c"),
        ("Fe foil 7 µm", "Fe_foil_7_m"),
        ("x" * 300, "x" * 60),
        ("   ", "no-sample"),
        (None, "no-sample"),
    ],
)
def test_no_sample_leads_elsewhere(run, tmp_path, facility, name, part):
    run.start["sample"] = {"name": name}
    path = place("auto", run, tmp_path, facility)
    assert path.parent == tmp_path / "exports/2026A-1/bl09u"
    assert path.name == f"00007_{part}.nxs"
    assert path.resolve().is_relative_to(tmp_path / "exports")
    assert "/" not in fit(name, "-")


def test_a_link_out_of_the_exports_is_not_followed(run, tmp_path, facility):
    (tmp_path / "exports").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "exports/2026A-1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="leads out of"):
        place("auto", run, tmp_path, facility)


def test_a_run_without_a_number_needs_a_name(run, tmp_path, facility):
    del run.start["scan_id"]
    with pytest.raises(DataError, match="no scan number"):
        place("auto", run, tmp_path, facility)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("../{uid}", "below the exports"),
        ("/data/{uid}", "below the exports"),
        ("a//{uid}", "below the exports"),
        ("{sample}", "two runs must not share a name"),
        ("{scan_id}", "two runs must not share a name"),
        ("{who}/{uid}", "is no field; there are beamline"),
        ("{uid.__class__}", "is no field"),
        ("{uid", "expected '}'"),
        ("{scan_id:zz}{uid}", "format"),
        ("{}{uid}", "is no field"),
    ],
)
def test_a_template_that_makes_no_path_is_refused(tmp_path, template, says):
    config = shutil.copytree(facts.config_dir(), tmp_path / "config")
    file = config / "facility.toml"
    lines = [
        f'data_path = "{template}"' if one.startswith("data_path") else one for one in file.read_text().splitlines()
    ]
    file.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="data_path") as error:
        facts.load_facility(config)
    assert says in str(error.value)


@pytest.mark.parametrize("proposal", ["../x", "a b", "", ".git", "x" * 61])
def test_a_proposal_is_the_name_of_a_directory(proposal, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", "bl09u", "count", "--proposal", proposal])
    assert ended.value.code == 2
    assert "are allowed" in capsys.readouterr().err


def test_auto_needs_a_format_that_there_is(tmp_path, capsys):
    assert main(["data", "export", "last", "auto.doc", "--data", str(tmp_path)]) == 3
    assert "unknown export format '.doc'" in capsys.readouterr().err
