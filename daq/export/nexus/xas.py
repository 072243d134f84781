"""The application definition NXxas: raw counts over photon energy.

As the NeXus definitions had it in June 2026 (https://github.com/nexusformat/definitions, applications/NXxas.nxdl.xml;
rendered at https://manual.nexusformat.org/classes/applications/NXxas.html): source, monochromator energy,
`incoming_beam` and `absorbed_beam` as they were counted, a monitor, and an NXdata with links to energy and
`absorbed_beam` and the `mode` of detection. What is plotted by default is µ(E), which stands beside them.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from daq.errors import DataError
from daq.export.nexus.values import field, group
from daq.export.run_data import RunData
from daq.export.spectrum import BRAGG, COUNT_TIME, ENERGY, I0, MODES, Spectrum


def is_xas(run: RunData) -> bool:
    """Return whether the run has what the definition asks for: energies, incoming counts, a signal.

    One that moved something else, or took each energy several times to compare, is no such spectrum.
    """
    moved = run.start.get("motors")
    return _signal(run) is not None and "xmcd" not in run.start and (not moved or ENERGY in moved)


def _signal(run: RunData) -> str | None:
    columns = run.primary().inner()
    usable = {key for key, values in columns.items() if values.ndim == 1 and values.dtype.kind in "fiu"}
    return next((key for key in MODES if {ENERGY, I0, key} <= usable), None)


def write_xas(entry: h5py.Group, instrument: h5py.Group, run: RunData) -> h5py.Group:
    """Write what NXxas asks for; return the NXdata."""
    primary, signal = run.primary(), _signal(run)
    assert signal is not None
    field(entry, "definition", "NXxas")
    # the values stand in the NXdata, whose dimension is the energy; the instrument links to them
    data = group(entry, "data", "NXdata")
    energy = field(data, "energy", np.asarray(primary.columns[ENERGY], float), primary.unit(ENERGY) or "eV")
    energy.attrs["long_name"] = "photon energy (eV)"
    energy.make_scale("energy")
    incoming = field(data, "incoming_beam", primary.columns[I0], primary.unit(I0) or "counts")
    absorbed = field(data, "absorbed_beam", primary.columns[signal], primary.unit(signal) or "counts")
    field(data, "mode", MODES[signal].name)
    data.attrs.update(axes=["energy"], energy_indices=np.array([0]), signal="absorbed_beam")
    try:
        spectrum = Spectrum.of(run)
    except DataError as error:
        field(data, "remark", f"no µ(E): {error}")  # the counts are what they are
        spectrum = None
    else:
        name = f"µ(E) = {spectrum.mode.formula}, dark counts subtracted"
        mu = field(data, "mu", _as_recorded(spectrum.mu, energy[()]), long_name=name)
        mu.dims[0].attach_scale(energy)
        data.attrs["signal"] = "mu"
    for one in (incoming, absorbed):
        one.dims[0].attach_scale(energy)

    monochromator = group(instrument, "monochromator", "NXmonochromator")
    _link(monochromator, "energy", energy)
    _crystal(monochromator, run, spectrum)
    dark = spectrum.dark if spectrum else {}
    for name, key, values in (("incoming_beam", I0, incoming), ("absorbed_beam", signal, absorbed)):
        detector = group(instrument, name, "NXdetector")
        _link(detector, "data", values)
        field(detector, "local_name", key)
        if key in dark:
            field(detector, "dark_rate", dark[key], "1/s", description="counted with the shutter closed")
        if COUNT_TIME in primary.columns:
            field(detector, "count_time", primary.columns[COUNT_TIME], "s")
    _monitor(group(entry, "monitor", "NXmonitor"), run, incoming)
    return data


def _as_recorded(values: npt.NDArray[Any], energy: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Put what comes in order of energy into the order in which it was recorded."""
    put_back = np.empty_like(values)
    put_back[np.argsort(energy, kind="stable")] = values
    return put_back


def _crystal(monochromator: h5py.Group, run: RunData, spectrum: Spectrum | None) -> None:
    primary = run.primary()
    if BRAGG not in primary.columns:
        return
    crystal = group(monochromator, "crystal", "NXcrystal")
    field(crystal, "bragg_angle", primary.columns[BRAGG], primary.unit(BRAGG) or "deg")
    if spectrum and spectrum.d_spacing_angstrom:
        field(crystal, "d_spacing", spectrum.d_spacing_angstrom, "angstrom")
    if spectrum and spectrum.mono_name:
        field(crystal, "type", spectrum.mono_name.split("(")[0])
        field(crystal, "reflection", np.array([int(one) for one in spectrum.mono_name.split("(")[1].rstrip(")")]))


def _monitor(monitor: h5py.Group, run: RunData, incoming: h5py.Dataset) -> None:
    """Say by what the points were ended: by the counter's own clock."""
    field(monitor, "mode", "timer")
    seconds = run.primary().columns.get(COUNT_TIME)
    if seconds is not None:
        same = np.unique(seconds).size == 1
        field(monitor, "preset", float(seconds[0]) if same else np.asarray(seconds, float), "s")
    _link(monitor, "data", incoming)


def _link(place: h5py.Group, name: str, target: h5py.Dataset) -> None:
    """Link to a dataset; `target` says where, as NeXus wants it."""
    place[name] = target
    target.attrs.setdefault("target", target.name)
