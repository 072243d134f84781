"""What is read before and after each run: all of the baseline that answers, and a note of what does not."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from bluesky import preprocessors
from bluesky.preprocessors import SupplementalData

from devices.coupled import CoupledAxis

_untyped: Any = preprocessors


class Supplement(SupplementalData):
    """A baseline that leaves out what does not answer when the plan begins, and says so in the run's metadata.

    A device in the baseline is not a device that the plan needs. One that is back is read again with the next plan.
    """

    def __call__(self, plan: Any) -> Generator[Any, Any, Any]:
        """Add the readings to `plan`."""
        live = [one for device in self.baseline for one in answering(device)]
        silent = [device.name for device in self.baseline if getattr(device, "missing", None)]
        if silent:
            plan = _untyped.inject_md_wrapper(plan, {"not_in_baseline": silent})
        add: Any = SupplementalData(baseline=live, monitors=self.monitors, flyers=self.flyers)
        return (yield from add(plan))


def answering(device: Any) -> Iterator[Any]:
    """Yield the device if all of it answers, else those of its parts that do."""
    if not getattr(device, "missing", None):
        yield device
    elif not isinstance(device, CoupledAxis):  # what is computed from all of its parts has no part readings
        for part in getattr(device, "parts", {}).values():
            yield from answering(part)
