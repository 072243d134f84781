"""The mapping mode of a fluorescence spectrometer: a spectrum for each gate, into a file of its own."""

from __future__ import annotations

from typing import Any

from beam.detector_kinds import FluorescenceSpectrometer
from devices.base import Instrument
from devices.signals import Attr, Quantity
from devices.state import Fact, State, Stated, alarm, first_that_holds

COUNT = Quantity("int")
WHOLE = Quantity("int", writable=True)
NO_YES = Quantity("enum", enum=("No", "Yes"))


class Mapping(Instrument):
    """What the mapping mode is set to, and how far it is; `devices.gated_spectrometer` flies with it."""

    kind_of_device = "mapping"

    mode = Attr(Quantity("enum", enum=("MCA spectra", "MCA mapping"), writable=True), doc="what it collects")
    advance = Attr(Quantity("enum", enum=("Gate",)), kind="config", doc="what begins the next spectrum")
    pixels_per_run = Attr(WHOLE, doc="spectra until it is done; 0: no end")
    acquire = Attr(Quantity("enum", enum=("Done", "Acquire"), writable=True), doc="write 1 to wait for gates")
    current_pixel = Attr(COUNT, doc="spectra taken")
    missed = Attr(COUNT, doc="gates that were missed, ever")
    shortest_gate = Attr(Quantity("float", "s"), kind="config", doc="the shortest gate")
    stored = Attr(COUNT, doc="spectra in the file")
    waiting = Attr(COUNT, doc="spectra in the buffer")
    buffer_rows = Attr(COUNT, kind="config", doc="spectra that the buffer holds")
    overrun = Attr(NO_YES, doc="whether spectra were lost")
    store_rate = Attr(Quantity("float", "1/s"), doc="spectra a second that the store sustained in a probe")
    capture = Attr(Quantity("enum", enum=("Done", "Capture"), writable=True), doc="write 1 to open a file")
    keep_rows = Attr(WHOLE, doc="spectra of the file that are kept when it is closed; -1: all")
    file_path = Attr(Quantity("string"), doc="the directory where its files go")
    full_name = Attr(Quantity("string"), doc="the file")
    write_status = Attr(Quantity("enum", enum=("Ok", "Error")), doc="whether the writer is well")
    write_message = Attr(Quantity("string"), doc="what is wrong with it")

    def __init__(self, facts: FluorescenceSpectrometer, *, name: str, **kwargs: Any) -> None:
        super().__init__(f"{facts.address}:", name=name, label="mapping", **kwargs)

    def report_state(self) -> Stated:
        """Return the state from writer and acquisition."""
        status = self.write_status.sample
        return first_that_holds(
            (
                Fact(status.value != 0, State.FAULT, f"the writer failed: {self.write_message.sample.value}"),
                alarm(status.severity, "the writer"),
                Fact(bool(self.acquire.sample.value), State.RUNNING, f"{self.current_pixel.sample.value} spectra"),
            ),
            Stated(State.ON, "ready for gates"),
        )
