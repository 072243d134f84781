"""A diffraction camera: an area detector that knows how long it may expose, and where it stands."""

from __future__ import annotations

import math
from typing import Any

from beam.detector_kinds import DiffractionCamera
from beam.errors import OutOfReach
from devices.area_detector import AreaDetector


class DiffractionDetector(AreaDetector):
    """An area detector across the beam; make one with `DiffractionDetector.of`."""

    facts: DiffractionCamera

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
