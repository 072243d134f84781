"""A NeXus file of one run.

==============================  ======================================================================================
where                           what
==============================  ======================================================================================
`/entry` (NXentry)              title, times, who and what; `default` leads to the plot. A run over photon energies
                                with i0 and a signal conforms to the application definition NXxas; any other run to none
`/entry/instrument`             NXsource, and the detectors whose images lie in files of their own (external links)
`/entry/data` (NXdata)          what a viewer plots: µ(E), else the hinted signal against what was moved
`/entry/streams/<name>`         every column of every stream as it was recorded, with its unit; `time` in POSIX seconds
`/entry/run` (NXcollection)     everything that the run recorded of itself, field by field, and the whole record as JSON
==============================  ======================================================================================
"""

from __future__ import annotations

import importlib.metadata
import io
import json
from typing import Any

import h5py
import numpy as np

from daq.errors import DataError
from daq.export.nexus.images import link_images
from daq.export.nexus.plot import plot
from daq.export.nexus.values import field, group, name_of
from daq.export.nexus.xas import is_xas, write_xas
from daq.export.record import record
from daq.export.run_data import RunData, Stream
from daq.timestamps import iso


def to_nexus(run: RunData) -> bytes:
    """Return the content of the file.

    Raises
    ------
    DataError
        If the run has no points, or its columns cannot be written.
    """
    run.primary()
    content = io.BytesIO()
    try:
        with h5py.File(content, "w", track_order=True) as file:
            file.attrs.update(
                NX_class="NXroot",
                default="entry",
                creator="Terasu",
                creator_version=importlib.metadata.version("terasu"),
                HDF5_Version=h5py.version.hdf5_version,
                h5py_version=h5py.__version__,
            )
            _entry(group(file, "entry", "NXentry"), run)
    except (TypeError, ValueError) as error:
        raise DataError(f"run {run.uid[:8]}: cannot be written as NeXus: {error}") from error
    return content.getvalue()


def _entry(entry: h5py.Group, run: RunData) -> None:
    start = run.start
    sample = start.get("sample")
    about: dict[str, Any] = sample if isinstance(sample, dict) else {"name": sample} if sample else {}
    called = about.get("name")
    words = (start.get("plan_name"), start.get("edge"), called and f"of {called}")
    title = " ".join(str(one) for one in words if one) or f"run {run.uid[:8]}"
    field(entry, "title", title)
    field(entry, "start_time", iso(start["time"]))
    if run.stop:
        field(entry, "end_time", iso(run.stop["time"]))
        field(entry, "duration", float(run.stop["time"] - start["time"]), "s")
    if start.get("scan_id") is not None:
        field(entry, "entry_identifier", str(start["scan_id"]))
    field(entry, "entry_identifier_uuid", run.uid)
    if start.get("proposal"):
        field(entry, "experiment_identifier", str(start["proposal"]))
    field(entry, "program_name", "Terasu", version=importlib.metadata.version("terasu"))
    if start.get("operator"):
        field(group(entry, "user", "NXuser"), "name", str(start["operator"]))
    _sample(group(entry, "sample", "NXsample"), about)
    instrument = _instrument(group(entry, "instrument", "NXinstrument"), run)
    link_images(instrument, run)
    data = write_xas(entry, instrument, run) if is_xas(run) else plot(entry, instrument, run)
    if data is not None:
        entry.attrs["default"] = "data"
        data.attrs["title"] = title
    streams = group(entry, "streams", "NXcollection")
    for name, stream in run.streams.items():
        _stream(group(streams, name_of(name), "NXcollection"), stream)
    _run(group(entry, "run", "NXcollection"), run)


def _sample(sample: h5py.Group, about: dict[str, Any]) -> None:
    field(sample, "name", str(about.get("name") or "not recorded"))
    if text := about.get("description"):
        field(sample, "description", str(text))
    if text := about.get("provenance"):
        field(sample, "provenance", str(text))


def _instrument(instrument: h5py.Group, run: RunData) -> h5py.Group:
    start, primary = run.start, run.primary()
    if name := start.get("beamline_title") or start.get("beamline"):
        field(instrument, "name", str(name), short_name=str(start.get("beamline", "")).upper())
    source = group(instrument, "source", "NXsource")
    field(source, "type", "Synchrotron X-ray Source")
    field(source, "name", str(start.get("facility") or "not recorded"))
    field(source, "probe", "x-ray")
    ring = ((run.configuration or {}).get("facility") or {}).get("ring") or {}
    if "energy_gev" in ring:
        field(source, "energy", float(ring["energy_gev"]), "GeV")
    if "ring_current" in primary.columns:
        field(source, "current", primary.columns["ring_current"], primary.unit("ring_current"))
    if "energy_gap" in primary.columns:
        undulator = group(instrument, "insertion_device", "NXinsertion_device")
        field(undulator, "type", "undulator")
        field(undulator, "gap", primary.columns["energy_gap"], primary.unit("energy_gap"))
        if "energy_harmonic" in primary.columns:
            field(undulator, "harmonic", primary.columns["energy_harmonic"])
    return instrument


def _stream(place: h5py.Group, stream: Stream) -> None:
    """Write all columns; `time` is their dimension, so that xarray opens the group as a dataset."""
    time = field(place, "time", np.asarray(stream.time, float), "s", description="POSIX time of the reading")
    time.make_scale("time")
    for key, values in stream.inner().items():
        name = name_of(key)
        made = field(place, "time_" if name == "time" else name, values, stream.unit(key))
        if len(values) == len(stream):
            made.dims[0].attach_scale(time)
        if source := stream.keys[key].get("source"):
            made.attrs["source"] = str(source)
    if stream.configuration:
        field(place, "configuration_json", json.dumps(record_of(stream)))


def record_of(stream: Stream) -> Any:
    """Return what the devices of a stream were configured to, by device and key."""
    from daq.export.record import sayable

    return sayable({name: one.get("data", one) for name, one in stream.configuration.items()})


def _run(place: h5py.Group, run: RunData) -> None:
    field(place, "exit_status", run.exit_status)
    for key, value in run.start.items():
        if value is not None:
            field(place, name_of(key), value)
    if run.configuration:
        field(place, "configuration", run.configuration)
    field(place, "record_json", json.dumps(record(run)), description="all that is known of the run besides its points")
