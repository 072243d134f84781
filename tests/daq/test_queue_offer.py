"""What the manager makes of our plans' signatures, and what it accepts by that; devices are those of BL09U."""

from collections.abc import Callable, Generator, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from bluesky.protocols import Movable, Readable
from bluesky_queueserver.manager.profile_ops import existing_plans_and_devices_from_nspace, validate_plan

from daq.check_plan import MadePlan
from daq.queue.offer import NotOffered, devices_in, offer, offers
from devices import Shutter
from plans.roles import Role
from tests.devices.conftest import bl, server, the_facts  # noqa: F401  fixtures


class Colour(Enum):
    RED = "red"


def colourful(
    motor: Movable[Any],
    where: Sequence[float],
    how: Literal["fast", "slow"] = "fast",
    colour: Colour = Colour.RED,
    label: str | None = None,
    num: int = 3,
    *,
    shutter: Annotated[Shutter, Role("shutter")],
    per_step: Callable[..., Any] | None = None,
    region: object = object,
    md: Mapping[str, Any] | None = None,
) -> Generator[Any, Any, None]:
    """Do something."""
    yield (motor, where, how, colour, label, num, shutter, region, md)


def of_function(detectors: Sequence[Readable], take: Callable[[], Any]) -> Generator[Any, Any, None]:
    yield (detectors, take)


@pytest.fixture
def described(bl):  # noqa: F811
    """Return the manager's description of a plan."""

    def describe(plan):
        nspace = {**bl.devices, plan.__name__: offer(plan.__name__, plan, bl)}
        plans, _, _, _ = existing_plans_and_devices_from_nspace(nspace=nspace, max_depth=2)
        return {one["name"]: one for one in plans[plan.__name__]["parameters"]}

    return describe


def test_parameters_are_typed_with_names_choices_and_defaults(described):
    found = described(colourful)
    assert found.keys() == {"motor", "where", "how", "colour", "label", "num", "shutter", "region", "md"}
    motors = found["motor"]["annotation"]["devices"]["Device"]
    assert {"energy", "dcm.bragg", "undulator.gap"} <= set(motors)
    assert not {"ring", "counter", "i0"} & set(motors)
    assert found["where"]["annotation"] == {"type": "typing.List[float]"}
    assert found["how"]["annotation"] == {"type": "Choice", "enums": {"Choice": ["fast", "slow"]}}
    assert found["how"]["default"] == "'fast'"
    assert found["colour"]["annotation"]["enums"] == {"Choice": ["red"]}
    assert found["label"]["annotation"] == {"type": "typing.Union[str, None]"}
    assert found["num"] == {
        "name": "num",
        "kind": {"name": "POSITIONAL_OR_KEYWORD", "value": 1},
        "annotation": {"type": "int"},
        "convert_device_names": False,
        "default": "3",
    }
    assert found["shutter"]["default"] == "'shutter'"
    assert found["shutter"]["annotation"]["devices"]["Device"] == ["front_end", "shutter"]


@pytest.mark.parametrize("plan", [of_function])
def test_what_no_client_could_fill_in_is_not_offered(bl, plan):  # noqa: F811
    with pytest.raises(NotOffered):
        offer(plan.__name__, plan, bl)


def test_every_plan_that_is_offered_has_a_description_that_the_manager_takes(bl):  # noqa: F811
    found = offers(bl)
    assert {"xas", "energy_scan", "ascan", "mesh", "scan", "grid_scan", "count", "mv"} <= found.keys()
    assert "camera_series" in found
    plans, devices, _, _ = existing_plans_and_devices_from_nspace(nspace={**bl.devices, **found}, max_depth=2)
    assert plans.keys() == found.keys()
    for call, taken in (
        ({"name": "xas", "kwargs": {"edge": "Fe K"}}, True),
        ({"name": "xas", "kwargs": {"edge": "Fe K", "dwell_s": [0.1, 0.2, 0.3]}}, True),
        ({"name": "xas", "kwargs": {"edge": "Fe K", "dwell_s": "long"}}, False),
        ({"name": "xas", "kwargs": {"edge": "Fe K", "energy": "ring"}}, False),
        ({"name": "xas", "kwargs": {}}, False),
        ({"name": "scan", "args": [["i0"], "energy", 1, 2], "kwargs": {"num": 3}}, True),
        ({"name": "scan", "args": [["i1"], "energy", 1, 2], "kwargs": {"num": 3}}, False),
        ({"name": "ascan", "args": ["dcm.bragg", 1, 2, 3]}, True),
        ({"name": "ascan", "args": ["dcm.brag", 1, 2, 3]}, False),
        ({"name": "ascan", "args": ["energy", 1, 2, 3], "kwargs": {"per_step": 1}}, False),
        ({"name": "count", "kwargs": {"num": 3}}, True),
        ({"name": "count", "kwargs": {"num": 3.5}}, False),
    ):
        success, message = validate_plan({"item_type": "plan", **call}, allowed_plans=plans, allowed_devices=devices)
        assert success == taken, (call, message)


def test_names_become_devices_where_no_text_is_wanted(bl):  # noqa: F811
    args, named = devices_in(colourful, bl, ["dcm.bragg", [1.0], "fast"], {"label": "energy", "shutter": "front_end"})
    assert args == [bl.dcm.bragg, [1.0], "fast"]
    assert named == {"label": "energy", "shutter": bl.front_end}


def test_what_is_offered_makes_a_plan_that_an_engine_can_look_through(bl):  # noqa: F811
    made = offer("colourful", colourful, bl)("energy", [1.0])
    assert isinstance(made, MadePlan)
    made.close()
