import json

import pytest

from beam.schema import MODELS, schema_text, write_schemas


@pytest.mark.parametrize("name", MODELS)
def test_the_committed_schema_is_current(config, name):
    committed = (config / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run: python -m beam.schema config/schema"


def test_the_schema_knows_the_keys_as_they_are_written():
    text = schema_text("beamline")
    for key in ("low_deg", "velocity_urad_per_s", "gain_v_per_a", "planar_undulator"):
        assert f'"{key}"' in text
    assert json.loads(text)["$schema"].startswith("https://json-schema.org/")


def test_schemas_are_written_where_asked(tmp_path):
    assert {path.name for path in write_schemas(tmp_path / "schema")} == {f"{name}.json" for name in MODELS}
