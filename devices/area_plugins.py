"""Plugins of an area detector that make numbers of its frames: statistics, and the regions they may be taken of."""

from __future__ import annotations

from devices.base import Instrument
from devices.errors import BadReading
from devices.signals import Attr, Quantity, fetch_all
from devices.state import State, Stated

SWITCH = Quantity("enum", enum=("Disable", "Enable"), writable=True)
YES_NO = Quantity("enum", enum=("No", "Yes"), writable=True)
NUMBER = Quantity("float")
PIXELS = Quantity("int", "px", writable=True)
PORT = Quantity("string", writable=True)


class Region(Instrument):
    """A rectangle of the frames; let statistics listen to its port (``ROI1``) to have them of this part only."""

    kind_of_device = "region"

    enabled = Attr(SWITCH, doc="whether it works")
    listens_to = Attr(PORT, kind="config", doc="the port whose frames it takes")
    left = Attr(PIXELS, kind="config", doc="first column")
    top = Attr(PIXELS, kind="config", doc="first row")
    width = Attr(PIXELS, kind="config", doc="columns")
    height = Attr(PIXELS, kind="config", doc="rows")

    def report_state(self) -> Stated:
        """Return the state: it has nothing that fails."""
        return Stated(State.ON, f"takes frames of {self.listens_to.sample.value}")


class Statistics(Instrument):
    """Statistics of the last frame of each trigger, as plain numbers for tables and plots."""

    kind_of_device = "statistics"

    enabled = Attr(SWITCH, doc="whether it works")
    listens_to = Attr(PORT, kind="config", doc="the port whose frames it takes")
    compute = Attr(YES_NO, doc="whether it computes these")
    compute_centroid = Attr(YES_NO, doc="whether it computes the centroid")
    frame_id = Attr(Quantity("int"), doc="of which frame they are")
    total = Attr(NUMBER, kind="hinted", doc="sum of all pixels")
    mean = Attr(NUMBER, kind="normal", doc="their mean")
    maximum = Attr(NUMBER, kind="normal", doc="the highest")
    sigma = Attr(NUMBER, kind="normal", doc="standard deviation of the pixels")
    centroid_x = Attr(Quantity("float", "px"), kind="normal", doc="centroid, column")
    centroid_y = Attr(Quantity("float", "px"), kind="normal", doc="centroid, row")

    def prove(self, frame_id: int) -> None:
        """Ask for the numbers anew; raise BadReading unless they are of this frame."""
        numbers = (self.frame_id, self.total, self.mean, self.maximum, self.sigma, self.centroid_x, self.centroid_y)
        of = int(fetch_all(numbers)[0].value)
        if of != frame_id:
            raise BadReading(f"{self.name}: its numbers are of frame {of}, the last one is frame {frame_id}")

    def report_state(self) -> Stated:
        """Return the state: it has nothing that fails."""
        return Stated(State.ON, f"statistics of {self.listens_to.sample.value}")
