"""An absorption spectrum in the X-ray Absorption Data Interchange format, XDI 1.0.

The format's specification and dictionary: https://github.com/XraySpectroscopy/XAS-Data-Interchange. What its
dictionary does not define goes into fields of our own, `Terasu.*`; its comment section belongs to the experimenter
(`comment` in the run's metadata).
"""

from __future__ import annotations

import importlib.metadata
import math
import unicodedata
from collections.abc import Iterator
from typing import Any

from daq.errors import DataError
from daq.export.spectrum import I0, MODES, Spectrum
from daq.timestamps import iso

XDI_NAMES = {"iff": "if"}


def to_xdi(spectrum: Spectrum) -> str:
    """Return the text of the file.

    Columns: energy in eV; i0 and itrans (or ifluor) in counts with the dark counts subtracted; mutrans =
    ln(i0/itrans) (or mufluor = ifluor/i0); the counting time in s.

    Raises
    ------
    DataError
        If the run does not say which element and edge it is about: the format must say it.
    """
    signal, mu = (f"{kind}{spectrum.mode.column}" for kind in ("i", "mu"))
    labels = ["energy", "i0", signal, mu, "count_time"]
    units = {"energy": "eV", "count_time": "seconds"}
    lines = [f"# XDI/1.0 Terasu/{importlib.metadata.version('terasu')}"]
    for number, label in enumerate(labels, 1):
        lines.append(f"# Column.{number}: {label} {units.get(label, '')}".rstrip())
    lines += [f"# {name}: {_one_line(value)}" for name, value in _fields(spectrum)]
    comment = spectrum.run.start.get("comment")
    if comment:
        lines.append("# ///")
        lines += [f"# {line}".rstrip() for line in str(comment).splitlines()]
    lines += ["#----", "# " + " ".join(labels)]
    columns = (spectrum.energy_ev, spectrum.i0, spectrum.signal, spectrum.mu, spectrum.count_time_s)
    for energy, i0, behind, absorption, seconds in zip(*columns, strict=True):
        lines.append(f"{energy:14.6f} {i0:16.4f} {behind:16.4f} {absorption:15.9f} {seconds:10.6g}")
    return "\n".join(lines) + "\n"


def _fields(spectrum: Spectrum) -> Iterator[tuple[str, Any]]:
    """Give the header fields: those of the dictionary, then our own."""
    run, start = spectrum.run, spectrum.run.start
    about = spectrum.element_and_edge
    if about is None:
        raise DataError(
            f"run {run.uid[:8]} does not say which element and edge it is about, and XDI must say it: give the run"
            " edge='Fe K' (or the like) as metadata, or export it as .csv"
        )
    yield "Element.symbol", about[0]
    yield "Element.edge", about[1]
    spacing = spectrum.d_spacing_angstrom
    if spacing is None:
        raise DataError(f"run {run.uid[:8]} has no Bragg angle, from which XDI's d-spacing follows; export it as .csv")
    yield "Mono.d_spacing", f"{spacing:.6f}"
    if spectrum.mono_name:
        yield "Mono.name", spectrum.mono_name
    yield from _place(spectrum)
    yield "Scan.start_time", iso(start["time"])
    if run.stop:
        yield "Scan.end_time", iso(run.stop["time"])
    yield from _sample(start)
    yield "Detector.i0", _detector(I0, spectrum.dark)
    yield f"Detector.{XDI_NAMES.get(spectrum.detector, spectrum.detector)}", _detector(spectrum.detector, spectrum.dark)
    yield from _own(spectrum)


def _place(spectrum: Spectrum) -> Iterator[tuple[str, Any]]:
    start = spectrum.run.start
    if facility := start.get("facility"):
        yield "Facility.name", _ascii(facility)
    current = _first(spectrum, "ring_current")
    if current is not None:
        yield "Facility.current", f"{current:.2f} mA"
    if _first(spectrum, "energy_gap") is not None:
        yield "Facility.xray_source", "undulator"
    if beamline := start.get("beamline"):
        yield "Beamline.name", str(beamline).upper()


def _sample(start: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    sample = start.get("sample")
    if isinstance(sample, str):
        yield "Sample.name", sample
    elif isinstance(sample, dict):
        if name := sample.get("name"):
            yield "Sample.name", name
        for field in ("description", "provenance"):
            if text := sample.get(field):
                yield f"Sample.{field}", text
    if operator := start.get("operator"):
        yield "Sample.experimenters", operator


def _own(spectrum: Spectrum) -> Iterator[tuple[str, Any]]:
    run, start = spectrum.run, spectrum.run.start
    yield "Terasu.run_uid", run.uid
    yield "Terasu.exit_status", run.exit_status
    yield "Terasu.simulated", "yes" if start.get("simulated") else "no"
    if spectrum.dark:
        rates = ", ".join(f"{key} {rate:.6g}/s" for key, rate in spectrum.dark.items())
        yield "Terasu.dark_subtracted", f"yes: {rates}"
    else:
        yield "Terasu.dark_subtracted", "no: the run has no dark exposure"
    for name in ("scan_id", "plan_name", "proposal", "config_hash", "clock", "time_scale", "seed"):
        if start.get(name) is not None:
            yield f"Terasu.{name}", start[name]
    if isinstance(versions := start.get("versions"), dict):
        yield "Terasu.versions", ", ".join(f"{name} {version}" for name, version in versions.items())


def _detector(key: str, dark: dict[str, float]) -> str:
    kind = MODES[key].instrument if key in MODES else "ion chamber"
    less = f" less dark counts of {dark[key]:.6g} per second" if key in dark else ", dark counts not subtracted"
    return f"{kind} {key}, counts{less}"


def _first(spectrum: Spectrum, key: str) -> float | None:
    """Return the first value of a quantity, from the points or else from the baseline."""
    for name in ("primary", "baseline"):
        stream = spectrum.run.streams.get(name)
        if stream is not None and len(stream) and key in stream.columns:
            value = float(stream.columns[key][0])
            return value if math.isfinite(value) else None
    return None


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())


def _ascii(value: Any) -> str:
    return unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore").decode()
