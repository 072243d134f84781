"""What a plan looks like to the queue's clients: parameters that are typed, with devices by name, units and defaults.

The manager validates what is submitted by the description that it makes of a function's signature; a form in a client
is built from the same. Our plans take devices and roles, which mean nothing outside the session, so each is offered
as a function of its own:

==========================  =====================================================================================
parameter of the plan       what is offered
==========================  =====================================================================================
filled by a role            optional; the names of the devices that would do, by default the one in that role
takes a device              the names of the devices that would do
number, text, truth value,  the same
list of these, mapping
choice (`Literal`, `Enum`)  the choices
function                    left out; where it must be given, the plan is not offered
a kind of device that the   the plan is not offered
station does not have
anything else               anything: the dry run looks at it
==========================  =====================================================================================

Its unit is in a parameter's name (`dwell_s`, `start_ev`) or in its description. Names become devices as they do on
the command line, whatever client they come from.
"""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from beamlines import DeviceTree
from daq import plan_call
from daq.plan_call import Plan

NOT_OFFERED = ("caching_repeater", "repeat", "rd", "read", "one_shot", "one_1d_step", "one_nd_step")
"""Parts of plans, which nobody runs by themselves."""
INNER = ("per_step", "per_shot", "group")
"""Parameters by which plans are built from plans."""
SIMPLE = {bool: "bool", int: "int", float: "float", str: "str", type(None): "None"}
Kind = inspect.Parameter
VARIABLE = (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD)


@dataclass(frozen=True)
class Shape:
    """What a value may be: a type in words that the manager can evaluate, and the names that these words use."""

    type: str
    devices: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class NotOffered(Exception):
    """A parameter that must be given and that no client can give."""


def offers(tree: DeviceTree) -> dict[str, Plan]:
    """Return what can be queued at a station, by name."""
    found: dict[str, Plan] = {}
    for name, plan in plan_call.known_plans().items():
        if name in NOT_OFFERED or any(role not in tree.roles for role in plan_call.roles(plan).values()):
            continue
        try:
            found[name] = offer(name, plan, tree)
        except NotOffered:
            continue
    return found


def offer(name: str, plan: Plan, tree: DeviceTree) -> Plan:
    """Return `plan` as it is offered: with names for devices, and made only when an engine has looked through it.

    Raises
    ------
    NotOffered
        Somebody would have to give it a function, or a kind of device that the station does not have.
    """
    bound = plan_call.with_roles(plan, tree)
    hints = get_type_hints(plan, include_extras=True)
    by_role = plan_call.roles(plan)
    parameters: list[Kind] = []
    described: dict[str, dict[str, Any]] = {}
    for one in inspect.signature(plan).parameters.values():
        hint = hints.get(one.name, Any)
        if is_function(hint) or one.name in INNER:
            if one.default is Kind.empty:
                raise NotOffered(one.name)
            continue
        role = by_role.get(one.name)
        default = _names_of(tree.roles[role]) if role else one.default
        parameters.append(one.replace(annotation=Kind.empty, default=_literal(default)))
        if (shape := shape_of(hint, tree, one)) is not None:
            described[one.name] = _described(shape)
        elif one.default is Kind.empty and one.kind not in VARIABLE and all(map(_of_devices, _kinds(hint) or (str,))):
            raise NotOffered(one.name)  # for a kind of device that the station does not have

    @functools.wraps(plan)
    def offered(*args: Any, **kwargs: Any) -> Any:
        given, named = devices_in(plan, tree, args, kwargs)
        return bound(*given, **named)

    del offered.__wrapped__
    published: Any = offered
    published.__name__ = name
    published._is_plan_ = True
    published.__signature__ = inspect.Signature(_in_order(parameters))
    published._custom_parameter_annotation_ = {"parameters": described}
    return published


def devices_in(
    plan: Plan, tree: DeviceTree, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return arguments with devices in the place of their names; text stays where a plan wants text."""
    parameters = inspect.signature(plan).parameters
    hints = get_type_hints(plan, include_extras=True)
    in_order = [one for one in parameters.values() if one.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)]
    # as on the command line, a role in first place may be left out; what remains is then in order from the second on
    roles = plan_call.roles(plan)
    if in_order and in_order[0].name in roles and not (args and isinstance(args[0], list | tuple)):
        in_order = in_order[1:]
    found = [
        one if position < len(in_order) and wants_text(hints.get(in_order[position].name)) else named_device(one, tree)
        for position, one in enumerate(args)
    ]
    named = {
        key: one if key == "md" or wants_text(hints.get(key)) else named_device(one, tree)
        for key, one in kwargs.items()
    }
    takes_any_number = any(one.kind is Kind.VAR_POSITIONAL for one in parameters.values())
    first = next(iter(parameters), "")
    if found and takes_any_number and first in named:
        # by keyword it could not stand beside what follows it
        found.insert(0, named.pop(first))
    return found, named


def named_device(given: Any, tree: DeviceTree) -> Any:
    """Return the device that a name stands for, also within lists; anything else as it is."""
    if isinstance(given, str):
        device = tree.find(given)
        return given if device is None else device
    if isinstance(given, list | tuple):
        return [named_device(one, tree) for one in given]
    return given


def wants_text(hint: Any) -> bool:
    """Return whether text is meant as text."""
    kinds = _kinds(hint)
    return str in kinds or any(get_origin(one) is Literal for one in kinds)


def is_function(hint: Any) -> bool:
    """Return whether a function is wanted."""
    return any(one is Callable or get_origin(one) is types.FunctionType or _is_callable(one) for one in _kinds(hint))


def _is_callable(hint: Any) -> bool:
    import collections.abc

    origin = get_origin(hint) or hint
    return origin is collections.abc.Callable or getattr(hint, "__name__", "") in ("PerShot", "PerStep", "TakeReading")


def shape_of(hint: Any, tree: DeviceTree, parameter: Kind) -> Shape | None:
    """Return what may be given where `hint` is the annotation; None where that cannot be said."""
    if parameter.kind in VARIABLE:
        return None
    shapes = [one for kind in _kinds(hint) if (one := _shape(kind, tree)) is not None]
    if not shapes:
        return None
    if parameter.default is None and all(one.type != "None" for one in shapes):
        shapes.append(Shape("None"))
    words = list(dict.fromkeys(one.type for one in shapes))
    devices = tuple(dict.fromkeys(name for one in shapes for name in one.devices))
    choices = tuple(dict.fromkeys(name for one in shapes for name in one.choices))
    return Shape(words[0] if len(words) == 1 else f"typing.Union[{', '.join(words)}]", devices, choices)


def _shape(kind: Any, tree: DeviceTree) -> Shape | None:
    """Return the shape of one alternative."""
    if kind in SIMPLE:
        return Shape(SIMPLE[kind])
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return Shape("Choice", choices=tuple(str(one) for one in inner))
    if not isinstance(base := origin or kind, type):
        return None
    if issubclass(base, Enum):
        return Shape("Choice", choices=tuple(str(one.value) for one in base))
    if issubclass(base, Mapping):
        return Shape("dict")
    if issubclass(base, Iterable) and base.__module__ in ("collections.abc", "builtins", "typing"):
        of = [one for part in _kinds(inner[0] if inner else Any) if (one := _shape(part, tree)) is not None]
        if inner and inner[0] is Any:  # the detectors of our plans
            of = [Shape("Device", _readable(tree))]
        if not of:
            return Shape("list") if not inner else None
        words = list(dict.fromkeys(one.type for one in of))
        within = words[0] if len(words) == 1 else f"typing.Union[{', '.join(words)}]"
        return Shape(f"typing.List[{within}]", tuple(name for one in of for name in one.devices))
    fitting = tuple(name for name, device in _all(tree) if _fits(device, base)) if _of_devices(base) else ()
    return Shape("Device", fitting) if fitting else None


def _of_devices(kind: Any) -> bool:
    """Return whether an annotation is a class of ours or of the control layer, and no general one."""
    return isinstance(kind, type) and kind.__module__.partition(".")[0] not in ("builtins", "collections", "typing")


def _all(tree: DeviceTree) -> Iterator[tuple[str, Any]]:
    """Give the devices with the names that users have for them: ``dcm``, ``dcm.bragg``."""
    for name, device in tree.devices.items():
        yield name, device
        for path, part in device.walk_subdevices():
            yield f"{name}.{path}", part


def _fits(device: Any, kind: type) -> bool:
    """Return whether a device is of a class, or has what a protocol asks for; nothing of it is read for the answer."""
    if kind is object:
        return False
    if not getattr(kind, "_is_protocol", False):
        return isinstance(device, kind)
    missing = object()
    return all(inspect.getattr_static(device, name, missing) is not missing for name in _members(kind))


def _members(protocol: type) -> set[str]:
    """Return what a protocol asks for; reading it from an instance, as `isinstance` does, would ask the hardware."""
    found: set[str] = set()
    for one in protocol.__mro__:
        if getattr(one, "_is_protocol", False) and one.__name__ != "Protocol":
            found |= {*vars(one), *getattr(one, "__annotations__", {})}
    return {name for name in found if not name.startswith("_")}


def _readable(tree: DeviceTree) -> tuple[str, ...]:
    return tuple(name for name, one in _all(tree) if hasattr(one, "read") and hasattr(one, "describe"))


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the alternatives that an annotation allows."""
    if get_origin(hint) is Annotated:
        return _kinds(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return tuple(kind for one in get_args(hint) for kind in _kinds(one))
    return () if hint in (Any, None) else (hint,)


def _described(shape: Shape) -> dict[str, Any]:
    """Return a shape as the manager's annotation; it replaces names by devices itself nowhere: `devices_in` does."""
    found: dict[str, Any] = {"annotation": shape.type, "convert_device_names": False}
    if shape.devices:
        found["devices"] = {"Device": list(shape.devices)}
    if shape.choices:
        found["enums"] = {"Choice": list(shape.choices)}
    return found


def _names_of(devices: Any) -> Any:
    return [one.name for one in devices] if isinstance(devices, list | tuple) else devices.name


def _literal(default: Any) -> Any:
    """Return a default that can be written down; None for one that cannot: it is only given if a client gives it."""
    if default is Kind.empty:
        return default
    try:
        ast.literal_eval(repr(default))
    except (ValueError, SyntaxError):
        return None
    return default


def _in_order(parameters: list[Kind]) -> list[Kind]:
    """Return parameters of which none that must be given in order follows one that need not be."""
    ordered = [one.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD) for one in parameters]
    last = max((n for n, one in enumerate(parameters) if ordered[n] and one.default is Kind.empty), default=-1)
    return [one.replace(default=Kind.empty) if ordered[n] and n < last else one for n, one in enumerate(parameters)]
