"""The worker's gate: no plan begins that its sender's group may not run, or that waits for approval.

It stands in the engine, behind the check of the whole plan and before its first message, so that no client leaves it
out, whatever way an item came to the worker.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from beam.access import Access
from beamlines import DeviceTree
from daq.check_plan import MadePlan
from daq.errors import Refused
from daq.forecast import Forecast
from daq.plan_call import roles
from daq.queue.actions import Actions
from daq.queue.doorkeeper import call_of
from daq.queue.judge import Asked, Verdict, judge


class NotApproved(Refused):
    """A plan that has to be approved first."""


class Gate:
    """What the worker's engine asks before each plan.

    Attributes
    ----------
    item
        What the manager sent to be run now; None if the worker runs nothing for anybody.
    """

    def __init__(self, access: Access, actions: Actions, tree: DeviceTree, owner: str = "") -> None:
        self._access, self._actions, self._tree, self._owner = access, actions, tree, owner
        self.item: Mapping[str, Any] | None = None

    def __call__(self, made: MadePlan | None, seen: Forecast | None) -> None:
        """Refuse what may not begin.

        Raises
        ------
        Refused
            The sender's group may not run it.
        NotApproved
            Somebody has to approve it first.
        """
        item = self.item
        if item is None or made is None:
            raise Refused("the queue's engine runs what is queued, and nothing else")
        verdict = self.verdict(str(item["name"]), str(item["user_group"]), made, seen)
        if verdict.refused:
            raise Refused(_may_not(item, verdict.refused))
        if not verdict.approval:
            return
        call = call_of(item)
        if not self._actions.standing().is_approved(item["item_uid"], call):
            why = ", ".join(verdict.approval)
            self._actions.note("the worker", "held", item=item["item_uid"], call=call, detail=why)
            raise NotApproved(f"{item['name']} needs approval for {why}: terasu queue approve")

    def foreseen(self, name: str, user: str, made: MadePlan, seen: Forecast) -> list[str]:
        """Return for what a user's plan would have to be approved; raise Refused where it may not run at all."""
        group = self._access.group_of(user, self._owner)
        verdict = self.verdict(name, group, made, seen)
        if verdict.refused:
            raise Refused(_may_not({"user": user, "user_group": group, "name": name}, verdict.refused))
        return list(verdict.approval)

    def verdict(self, name: str, group: str, made: MadePlan, seen: Forecast | None) -> Verdict:
        """Return what the rules of a group say of a plan that was made, and perhaps looked through."""
        rules = self._access.groups.get(group)
        if rules is None:
            return Verdict((f"anything: there is no group {group}",), ())
        function, args, kwargs = made.made_of
        try:
            given = dict(inspect.signature(function).bind(*args, **kwargs).arguments)
        except TypeError:
            given = dict(kwargs)
        filled = {key: self._tree.roles.get(role) for key, role in roles(function).items()}
        named = [
            device
            for key, value in given.items()
            if value is not filled.get(key) and key != "md"
            for device in self._devices(value)
        ]
        moves = {self._name_of(key): (one.low, one.high) for key, one in (seen.moves if seen else {}).items()}
        unforeseen = (
            [] if seen is None or seen.whole else [one for value in given.values() for one in self._devices(value)]
        )
        plans = tuple(dict.fromkeys((name, str(getattr(inspect.unwrap(function), "__name__", name)))))
        return judge(rules, Asked(plans, given, tuple(dict.fromkeys(named)), moves, tuple(unforeseen)))

    def _devices(self, value: Any) -> Iterator[str]:
        if isinstance(value, list | tuple):
            for one in value:
                yield from self._devices(one)
        elif hasattr(value, "read") and hasattr(value, "name"):
            yield _dotted(value)

    def _name_of(self, name: str) -> str:
        device = self._tree.find(name)
        return name if device is None else _dotted(device)


def _dotted(device: Any) -> str:
    """Return the name that users have for a device or a part of one: ``dcm.bragg``, not ``dcm_bragg``."""
    parts: list[str] = []
    while getattr(device, "parent", None) is not None:
        parts.insert(0, str(getattr(device, "attr_name", "") or device.name.removeprefix(f"{device.parent.name}_")))
        device = device.parent
    return ".".join([str(device.name), *parts])


def _may_not(item: Mapping[str, Any], refused: tuple[str, ...]) -> str:
    return f"{item['user']} (group {item['user_group']}) may not run {item['name']} with {', '.join(refused)}"
