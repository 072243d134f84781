"""Exports of a flight with frames: rows in tables, frames of several files as one stack, a map as a picture."""

import h5py
import numpy as np
import pytest

from daq.errors import DataError
from daq.export import export
from daq.export.frames_png import image_key
from daq.export.run_data import RunData

SHAPE = (3, 4)
PARTS = (5, 7)
"""Rows in the first file, and in the second."""


def resource(uid, key, path, dataset):
    parameters = {"dataset": dataset, "swmr": True, "chunk_shape": [1]}
    uri = path.as_uri().replace("file:///", "file://localhost/")
    about = {"uid": uid, "data_key": key, "mimetype": "application/x-hdf5", "uri": uri, "parameters": parameters}
    return "stream_resource", about


def datum(uid, rows):
    rows = {"start": 0, "stop": rows}
    about = {"uid": f"{uid}/0", "stream_resource": uid, "descriptor": "d", "indices": rows, "seq_nums": rows}
    return "stream_datum", about


@pytest.fixture
def run(tmp_path):
    """A raster of 3 × 4 points, of which the last 7 were flown again into other files."""
    up, across = (one.ravel() for one in np.mgrid[0:3, 0:4].astype(float))
    columns = {"i0": np.full(12, 1000.0), "it": 100.0 * (1 + up), "y": up, "x": across}
    columns["flyer_timestamp"] = np.arange(12.0)
    number = {"source": "file", "dtype": "number", "dtype_numpy": "<f8", "shape": [], "external": "STREAM:"}
    image = {"source": "file", "dtype": "array", "dtype_numpy": "<u2", "shape": [2, 3], "external": "STREAM:"}
    keys = dict.fromkeys(columns, number) | {"camera_image": image}
    about = {"plan_name": "fly_map", "motors": ["y", "x"], "shape": list(SHAPE), "extents": [[0.0, 2.0], [0.0, 3.0]]}
    hints = {"dimensions": [(["y"], "primary"), (["x"], "primary")]}
    documents = [
        ("start", {"uid": "f" * 32, "time": 0.0, "hints": hints, **about}),
        ("descriptor", {"uid": "d", "name": "primary", "data_keys": keys, "run_start": "f" * 32, "time": 0.0}),
    ]
    begin = 0
    for part, rows in enumerate(PARTS):
        path = tmp_path / f"part_{part}.h5"
        with h5py.File(path, "w") as file:
            for key, values in columns.items():
                file[f"entry/data/{key}"] = values[begin : begin + rows]
            frames = np.arange(begin, begin + rows, dtype=np.uint16)[:, None, None] * np.ones((2, 3), np.uint16)
            file["entry/data/data"] = frames
        for key in (*columns, "camera_image"):
            uid = f"{key}-{part}"
            documents.append(resource(uid, key, path, f"/entry/data/{'data' if key == 'camera_image' else key}"))
            documents.append(datum(uid, rows))
        begin += rows
    documents.append(("stop", {"uid": "s", "run_start": "f" * 32, "time": 1.0, "exit_status": "success"}))
    return RunData.from_documents(documents)


def test_frames_of_several_files_are_one_stack_beside_the_rows(run, tmp_path):
    with h5py.File(export(run, tmp_path / "out.nxs")) as file:
        stack = file["entry/instrument/camera_image/data"]
        assert stack.is_virtual
        assert (stack.shape, stack.dtype) == ((12, 2, 3), np.uint16)
        np.testing.assert_array_equal(stack[:, 0, 0], range(12))
        assert len(file["entry/streams/primary/x"]) == 12
        assert file["entry/instrument/camera_image/file_2"][()].decode().endswith("part_1.h5")


def test_a_map_on_the_fly_is_drawn(run, tmp_path):
    assert image_key(run) == "camera_image"
    assert export(run, tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    run.primary().columns.pop("i0")
    with pytest.raises(DataError, match="there is no i0"):
        export(run, tmp_path / "none.png")
