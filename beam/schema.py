"""JSON schemas of the configuration, so that editors complete and check the TOML: ``python -m beam.schema DIR``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from beam.access import Access
from beam.bench import Bench
from beam.facts import Beamline, Facility, Facts
from beam.sample_model import ModelSample
from beam.scenario import Scenario
from beam.xmcd import MagneticSample

MODELS: dict[str, type[Facts]] = {
    "facility": Facility,
    "beamline": Beamline,
    "bench": Bench,
    "sample": ModelSample,
    "scenario": Scenario,
    "magnetic": MagneticSample,
    "access": Access,
}


def schema_text(name: str) -> str:
    """Return the JSON schema of one kind of file: one of `MODELS`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **MODELS[name].model_json_schema(by_alias=True),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(directory: Path) -> list[Path]:
    """Write all schemas into a directory and return the files."""
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in MODELS:
        path = directory / f"{name}.json"
        path.write_text(schema_text(name), encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m beam.schema DIRECTORY")
    write_schemas(Path(sys.argv[1]))
