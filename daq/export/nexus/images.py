"""Images lie in files that the detectors' own servers wrote; a NeXus file links to them, by their full path.

Where several files hold many rows each, as those of a flight of which a part was made again, `data` is one stack of all
of them, row by row, which HDF5 reads from there (a virtual dataset).
"""

from __future__ import annotations

import h5py
import numpy as np

from daq.export.image_files import files_of, rows_of
from daq.export.nexus.values import field, group, name_of
from daq.export.run_data import RunData

KINDS = {"primary": "data", "dark": "dark", "flat": "flat"}
"""What the frames of a stream are called."""


def link_images(instrument: h5py.Group, run: RunData) -> None:
    """Make an NXdetector for each data key whose values lie in files: ``data``, then ``data_2`` … for each file.

    Files of a flight are one ``data``.

    Frames of the streams ``dark`` and ``flat`` are linked beside them, under these names.
    """
    primary = run.primary()
    for key in primary.keys:
        if not primary.external(key):
            continue
        detector = group(instrument, name_of(key), "NXdetector")
        field(detector, "local_name", key)
        if whole := _stack(run, key):
            detector.create_virtual_dataset("data", whole)
            for number, file in enumerate(files_of(run, key), 1):
                field(detector, "file" if number == 1 else f"file_{number}", file.path, format=file.about)
            continue
        for stream, name in KINDS.items():
            for number, file in enumerate(files_of(run, key, stream), 1):
                suffix = "" if number == 1 else f"_{number}"
                field(detector, f"{'file' if name == 'data' else f'{name}_file'}{suffix}", file.path, format=file.about)
                if file.dataset:
                    detector[f"{name}{suffix}"] = h5py.ExternalLink(file.path, file.dataset)


def _stack(run: RunData, key: str) -> h5py.VirtualLayout | None:
    """Return the rows of several files as one dataset; None where they are in one, or in one for each row."""
    files, rows = files_of(run, key), rows_of(run, key)
    about = run.primary().keys[key]
    if len(files) < 2 or max(rows, default=0) < 2 or not all(file.dataset for file in files) or len(rows) != len(files):
        return None
    shape, dtype = tuple(about["shape"]), np.dtype(about["dtype_numpy"])
    layout, begin = h5py.VirtualLayout((sum(rows), *shape), dtype), 0
    for file, number in zip(files, rows, strict=True):
        layout[begin : begin + number] = h5py.VirtualSource(file.path, file.dataset, (number, *shape), dtype)
        begin += number
    return layout
