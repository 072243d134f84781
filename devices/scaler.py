"""A counter whose channels are named by what is plugged in, without amplifiers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from beam import facts
from devices.counter import COUNTS, Counter
from devices.signals import Attr


class ScalerCounter(Counter):
    """A scaler record at a bench; make one with `ScalerCounter.with_inputs`."""

    @classmethod
    def with_inputs(
        cls, scaler_facts: facts.Scaler, inputs: Mapping[str, int], *, name: str, **kwargs: Any
    ) -> ScalerCounter:
        """Make the counter at `scaler_facts`, with `inputs`: numbers of channels by what is counted there."""
        channels = {key.lower(): number for key, number in inputs.items()}
        rows: dict[str, Any] = {key: Attr(COUNTS, kind="hinted", doc=f"counts of {key}") for key in channels}
        made: type[ScalerCounter] = type(cls.__name__, (cls,), {**rows, "channels": channels, "__doc__": cls.__doc__})
        return made(scaler_facts, {}, name=name, **kwargs)
