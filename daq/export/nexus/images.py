"""Images lie in files that the detectors' own servers wrote; a NeXus file links to them, by their full path."""

from __future__ import annotations

import h5py

from daq.export.image_files import files_of
from daq.export.nexus.values import field, group, name_of
from daq.export.run_data import RunData

KINDS = {"primary": "data", "dark": "dark", "flat": "flat"}
"""What the frames of a stream are called."""


def link_images(instrument: h5py.Group, run: RunData) -> None:
    """Make an NXdetector for each data key whose values lie in files: ``data``, then ``data_2`` … for each file.

    Frames of the streams ``dark`` and ``flat`` are linked beside them, under these names.
    """
    primary = run.primary()
    for key in primary.keys:
        if not primary.external(key):
            continue
        detector = group(instrument, name_of(key), "NXdetector")
        field(detector, "local_name", key)
        for stream, name in KINDS.items():
            for number, file in enumerate(files_of(run, key, stream), 1):
                suffix = "" if number == 1 else f"_{number}"
                field(detector, f"{'file' if name == 'data' else f'{name}_file'}{suffix}", file.path, format=file.about)
                if file.dataset:
                    detector[f"{name}{suffix}"] = h5py.ExternalLink(file.path, file.dataset)
