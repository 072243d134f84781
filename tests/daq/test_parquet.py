import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from daq.errors import DataError
from daq.export import export
from daq.export.run_data import RunData


@pytest.fixture
def run(new_run):
    return RunData.from_documents(new_run())


def test_a_table_reads_back_with_its_units(run, tmp_path):
    table = pq.read_table(export(run, tmp_path / "a.parquet"))
    primary = run.primary()
    assert table.column_names == ["time", *primary.columns]
    np.testing.assert_array_equal(table["time"], primary.time)
    for key, values in primary.columns.items():
        np.testing.assert_array_equal(table[key], values)
        assert table[key].to_numpy().dtype == values.dtype
        units = (table.schema.field(key).metadata or {}).get(b"units", b"").decode()
        assert units == primary.unit(key)


def test_it_holds_what_is_needed_to_repeat_the_measurement(run, tmp_path):
    run.configuration = {"beamline": {"beamline": "bl09u"}}
    table = pq.read_table(export(run, tmp_path / "a.parquet"))
    record = json.loads(table.schema.metadata[b"terasu"])
    assert record["start"]["plan_args"] == {"edge": "Fe K"}
    assert record["start"]["seed"] == 2**60 + 1
    assert record["stop"]["exit_status"] == "success"
    assert record["configuration"] == run.configuration
    assert record["streams"]["baseline"]["data"]["dcm_pitch"] == [0.25, 0.25]
    assert record["streams"]["dark"]["data"]["i0"] == [250]


def test_arrays_are_lists_of_fixed_size(run, tmp_path):
    primary = run.primary()
    frames = np.arange(len(primary) * 6).reshape(len(primary), 2, 3)
    primary.columns["frames"], primary.keys["frames"] = frames, {"shape": [2, 3], "dtype": "array"}
    table = pq.read_table(export(run, tmp_path / "a.parquet"))
    assert table.schema.field("frames").type == pa.list_(pa.list_(pa.int64(), 3), 2)
    assert table["frames"].to_pylist() == frames.tolist()


def test_a_run_without_points_is_refused(run, tmp_path):
    run.streams.clear()
    with pytest.raises(DataError, match="has no points"):
        export(run, tmp_path / "a.parquet")
