"""From words to a plan: finds it by name, turns text into devices and values, binds roles.

`terasu run bl09u xas edge="Fe K"` and the shell's `xas("Fe K")` both come through here, so that a plan written once
against roles runs at every beamline.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import bluesky.plan_stubs
import bluesky.plans

import plans
from beam.errors import UnknownName
from beamlines import DeviceTree
from daq.check_plan import MadePlan
from daq.errors import Refused, UsageError
from daq.plan_values import accepts, check_values
from plans.roles import Role

Plan = Callable[..., Generator[Any, Any, Any] | MadePlan]
STUBS = ("mv", "mvr")  # what of Bluesky's stubs is a plan that somebody runs by itself


def known_plans() -> dict[str, Plan]:
    """Return every plan that can be named: Bluesky's own and Terasu's, which win where names meet."""
    found: dict[str, Plan] = {name: getattr(bluesky.plan_stubs, name) for name in STUBS}
    for module in (bluesky.plans, plans):
        for name in getattr(module, "__all__", dir(module)):
            one = getattr(module, name)
            if not name.startswith("_") and inspect.isgeneratorfunction(inspect.unwrap(one)):
                found[name] = one
    return found


def find(name: str) -> Plan:
    """Return the plan called `name`, or raise UnknownName with the nearest."""
    plans_by_name = known_plans()
    if name not in plans_by_name:
        raise UnknownName("plan", name, plans_by_name)
    return plans_by_name[name]


def role_of(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> str | None:
    """Return the role that fills `parameter` when the user names none."""
    hint = hints.get(parameter.name)
    for part in get_args(hint) if get_origin(hint) is Annotated else ():
        if isinstance(part, Role):
            return part.name
    # Bluesky's own plans declare no roles, but all call this parameter so
    return "detectors" if parameter.name == "detectors" else None


def roles(plan: Plan) -> dict[str, str]:
    """Return which role fills which parameter of `plan`."""
    hints = get_type_hints(plan, include_extras=True)
    found = {name: role_of(one, hints) for name, one in inspect.signature(plan).parameters.items()}
    return {name: role for name, role in found.items() if role}


def with_roles(plan: Plan, tree: DeviceTree) -> Plan:
    """Return `plan` with the beamline's roles filled in as defaults; what the caller gives wins.

    Called with what the plan cannot take, it raises UsageError or UnknownName at once. What it returns is checked by
    the session's engine before it runs.
    """

    @functools.wraps(plan)
    def bound(*args: Any, **kwargs: Any) -> MadePlan:
        whole = _bind(plan, tree, args, kwargs)
        check_values(plan, whole.arguments, tree)
        return MadePlan(plan, whole.args, whole.kwargs)

    return bound


def _bind(plan: Plan, tree: DeviceTree, args: Sequence[Any], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
    """Return the arguments of `plan`, with those that the roles fill."""
    signature = inspect.signature(plan)
    by_role = roles(plan)
    filled = {
        name: _device_for(tree, plan.__name__, role)
        for name, role in by_role.items()
        if name not in kwargs and (role in tree.roles or signature.parameters[name].default is not None)
    }
    first = next(iter(signature.parameters), None)
    if first == "detectors" and args:
        _refuse_single_detector(plan, args[0], list(signature.parameters.values())[1:2])
    if first in filled and (first != "detectors" or not (args and isinstance(args[0], list | tuple))):
        # a role in first place is filled unless given by keyword (or, for detectors, as a leading list),
        # so that `scan(energy, 7100, 7150, 11)` and `xas("Fe K")` read as one says them
        args = (filled.pop(first), *args)
    try:
        given = signature.bind_partial(*args, **kwargs).arguments
        return signature.bind(*args, **kwargs, **{name: one for name, one in filled.items() if name not in given})
    except TypeError as error:
        names = [str(one.replace(annotation=one.empty)) for one in signature.parameters.values()]
        wanted = ", ".join(name for name in names if name not in by_role)
        raise UsageError(f"{plan.__name__}: {error}; its parameters: {wanted}") from error


def _refuse_single_detector(plan: Plan, given: Any, following: Sequence[inspect.Parameter]) -> None:
    """Say that detectors come as a list where one is given by itself, and the next parameter cannot be meant."""
    if not (hasattr(given, "read") and hasattr(given, "name")):
        return
    hints = get_type_hints(plan)
    takes_devices = any(one.kind is one.VAR_POSITIONAL or accepts(hints.get(one.name, Any), given) for one in following)
    if not takes_devices or not hasattr(given, "set"):
        more = ", …" if takes_devices else ""
        raise UsageError(
            f"{plan.__name__}: detectors = {given.name}: must be a list: {plan.__name__}([{given.name}]{more}); "
            "left out, they are the station's own"
        )


def _device_for(tree: DeviceTree, plan: str, role: str) -> Any:
    if role not in tree.roles:
        raise Refused(f"{plan} needs a device in the role {role!r}; {tree.name} has: {', '.join(sorted(tree.roles))}")
    return tree.roles[role]


def value(text: str, tree: DeviceTree) -> Any:
    """Turn a word of the command line into a device, a list, a number, a truth value or a string."""
    text = text.strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    if text.startswith("[") and text.endswith("]"):
        return [value(part, tree) for part in text[1:-1].split(",")]
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    device = tree.find(text)
    return text if device is None else device


def check_names(name: str, words: list[str]) -> None:
    """Raise UnknownName or UsageError if there is no such plan, or it has no such parameter; needs no devices."""
    _split(find(name), name, words)


def _split(plan: Plan, name: str, words: list[str]) -> tuple[list[str], dict[str, str]]:
    """Tell the words that fill parameters in order from those that name one."""
    parameters = inspect.signature(plan).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    named = {one.name for one in parameters.values() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    in_order: list[str] = []
    by_name: dict[str, str] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not (equals and key.isidentifier()):
            in_order.append(word)
        elif key in by_name:
            raise UsageError(f"{name}: {key} is given twice")
        elif key in named or takes_any:
            by_name[key] = text
        else:
            raise UnknownName(f"parameter of {name}", key, named)
    return in_order, by_name


def call(name: str, words: list[str], tree: DeviceTree) -> tuple[Plan, list[Any], dict[str, Any]]:
    """Return the plan called `name` and the arguments that `words` (``VALUE`` or ``key=value``) stand for.

    Raises
    ------
    UnknownName
        No such plan or parameter; the message names the nearest.
    UsageError
        A parameter is missing or given twice, or its value is of the wrong kind.
    """
    plan = find(name)
    parameters = inspect.signature(plan).parameters
    in_order, by_name = _split(plan, name, words)
    args = [value(word, tree) for word in in_order]
    kwargs = {key: text if _wants_text(parameters.get(key)) else value(text, tree) for key, text in by_name.items()}
    bound = with_roles(plan, tree)
    bound(*args, **kwargs).close()
    return bound, args, kwargs


def _wants_text(parameter: inspect.Parameter | None) -> bool:
    return parameter is not None and str(parameter.annotation) in ("str", "str | None", "<class 'str'>")
