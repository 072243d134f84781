"""What somebody typed is held against the plan's annotations before anything moves."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bluesky.protocols import Movable, Readable

from beam.errors import UnknownName
from daq.check_plan import check_plan
from daq.errors import UsageError
from daq.plan_values import check_values

TREE: Any = SimpleNamespace(devices={"energy": object(), "counter": object()})
DEVICE: Any = SimpleNamespace(name="energy")


def some_plan(
    detectors: Sequence[Readable],
    *args: Movable | Any,
    num: int | None = 1,
    delay: float | Iterable[float] = 0.0,
    motor: Movable | None = None,
    regions: Sequence[Any] | str | None = None,
    md: Mapping[str, Any] | None = None,
) -> Generator[Any, Any, None]:
    yield (detectors, args, num, delay, motor, regions, md)


@pytest.mark.parametrize(
    "given",
    [
        {"detectors": [DEVICE], "args": (DEVICE, 7100, 7110.5), "num": 3},
        {"num": None, "delay": 1, "motor": DEVICE, "regions": "0:1:1"},
        {"delay": [1, 2.5], "regions": [1], "md": {"a": 1}},
        {"num": np.int64(3), "delay": np.linspace(0, 1, 3)},
    ],
)
def test_values_that_fit_pass(given):
    check_values(some_plan, given, TREE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num": "abc"}, r"some_plan: num = 'abc': must be a whole number$"),
        ({"num": 2.5}, "must be a whole number"),
        ({"num": True}, "must be a whole number"),
        ({"num": 0}, "num = 0: must be 1 or more"),
        ({"delay": "abc"}, "delay = 'abc': must be a number or a list of numbers"),
        ({"delay": float("nan")}, "must be a number"),
        ({"detectors": DEVICE}, "detectors = energy: must be a list"),
        ({"md": 5}, "must be an object"),
    ],
)
def test_values_that_do_not_fit_are_named_with_what_is_allowed(given, message):
    with pytest.raises(UsageError, match=message):
        check_values(some_plan, given, TREE)


@pytest.mark.parametrize("given", [{"args": ("enrgy", 1, 2)}, {"motor": "enrgy"}])
def test_a_word_that_should_be_a_device_gets_the_nearest(given):
    with pytest.raises(UnknownName, match=r"unknown device 'enrgy'; did you mean energy\?"):
        check_values(some_plan, given, TREE)


def test_a_plan_that_cannot_begin_with_its_arguments_is_a_matter_of_usage():
    def plan():
        raise ValueError("the number of points is missing")
        yield

    with pytest.raises(UsageError, match="plan: the number of points is missing"):
        check_plan(plan)
