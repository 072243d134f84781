"""A diffraction camera: an area detector that knows how long it may expose, and where it stands."""

from __future__ import annotations

import math
from typing import Any

from beam.detector_kinds import DiffractionCamera
from beam.errors import OutOfReach
from devices.area_detector import AreaDetector
from devices.signals import Attr, Quantity


class DiffractionDetector(AreaDetector):
    """An area detector across the beam; make one with `DiffractionDetector.of`."""

    facts: DiffractionCamera

    missed = Attr(Quantity("int"), doc="triggers that came while it could not begin a frame, ever")

    @classmethod
    def of(cls, facts: DiffractionCamera, *, name: str, **kwargs: Any) -> DiffractionDetector:
        """Make the camera at the facts' address, with its plugins."""
        # an injection may spoil any frame: a point must be repeatable, whatever is in the file before it
        given = {"label": facts.label, "tango_name": facts.name, "file_per_trigger": True, **kwargs}
        made: Any = cls.with_plugins(facts.prefix, facts.plugins, name=name, **given)
        made.facts = facts
        made.preset_time.guard = made.check_exposure
        return made

    def check_exposure(self, seconds: float) -> None:
        """Refuse an exposure that is beyond the camera's range.

        Raises
        ------
        OutOfReach
            Names what is allowed.
        """
        shortest, longest = self.facts.shortest_s, self.facts.longest_s
        if not (math.isfinite(seconds) and shortest <= seconds <= longest):
            raise OutOfReach(f"{self.name} exposure {seconds:g} s: allowed {shortest:g} … {longest:g} s")

    # -- what a gate unit needs of it -------------------------------------------------------------------------------

    def begin_file(self) -> None:
        """Let the next frame begin a file."""
        self._begin_file()

    def close_file(self) -> None:
        """Close the file; returns when that is done."""
        self._close()

    def frame_bytes(self) -> float:
        """Return the bytes of a frame, as it is set."""
        return self._frame_bytes(lambda signal: signal.sample.value)

    def frame_key(self) -> dict[str, Any]:
        """Return the data key of its frames, one a row."""
        return {
            "dtype": "array",
            "dtype_numpy": self._frame_dtype(),
            "shape": list(self._frame_shape()),
            "external": "STREAM:",
        }
