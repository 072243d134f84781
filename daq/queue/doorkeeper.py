"""What the manager lets in: whose group a sender is in, what that group may not submit, what waits for approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from beam.access import PRIMARY, Access
from daq.queue.actions import Actions, Standing
from daq.queue.errors import BadSubmission
from daq.queue.judge import Asked, Verdict, bound, judge
from daq.queue.submission import digest, submission_of

QUIET = frozenset(
    {
        *("ping", "status", "config_get", "queue_get", "history_get", "plans_allowed", "plans_existing", "lock_info"),
        *("devices_allowed", "devices_existing", "permissions_get", "task_result", "task_status", "queue_item_get"),
        *("re_runs", "re_metadata", "function_execute"),
    }
)
"""What clients ask for that changes nothing: the only function they may call looks ahead."""
TAKES_USER = frozenset(
    {
        *("queue_item_add", "queue_item_add_batch", "queue_item_update", "queue_item_execute", "function_execute"),
        *("lock", "script_upload", "permissions_set"),
    }
)
"""Of the manager's own methods, those that take the name of a user; of the others it says that they do not know it."""


class Doorkeeper:
    """The rules of one queue.

    Parameters
    ----------
    access
        The groups.
    owner
        Who started the queue.
    actions
        Where it is kept what was done and what is approved.
    """

    def __init__(self, access: Access, owner: str, actions: Actions) -> None:
        self.access, self.owner, self.actions = access, owner, actions

    def group_of(self, user: str, claimed: str) -> str:
        """Return the group that a user's request is judged by.

        Raises
        ------
        BadSubmission
            The user says to be in a group that is not the user's own.
        """
        own = self.access.group_of(user, self.owner)
        if claimed in (PRIMARY, own):
            return own
        if claimed not in self.access.groups:
            raise BadSubmission(f"there is no group {claimed!r}; the groups are: {', '.join(self.access.groups)}")
        if claimed == self.access.default_group:
            return claimed  # to try what others may
        raise BadSubmission(f"{user} is in the group {own}, not in {claimed}")

    def check(self, item: Mapping[str, Any], user: str, group: str, described: Mapping[str, Any]) -> None:
        """Refuse what the group may not submit.

        Raises
        ------
        BadSubmission
            Says what of it.
        """
        verdict = self._verdict(item, group, described)
        if verdict.refused:
            raise BadSubmission(
                f"{user} (group {group}) may not run {item.get('name')} with {', '.join(verdict.refused)}"
            )

    def holds(self, item: Mapping[str, Any], described: Mapping[str, Any], standing: Standing) -> str:
        """Return for what an item has to be approved before it is started; empty if it may be."""
        if item.get("item_type") != "plan" or standing.is_approved(str(item.get("item_uid")), call_of(item)):
            return ""
        why = [*self._verdict(item, str(item.get("user_group")), described).approval]
        said = submission_of(item).get("approval")
        why += [str(one) for one in said] if isinstance(said, list) else []
        if (held := standing.held.get(str(item.get("item_uid")))) is not None:
            why.append(held)
        return ", ".join(dict.fromkeys(why))

    def _verdict(self, item: Mapping[str, Any], group: str, described: Mapping[str, Any]) -> Verdict:
        rules = self.access.groups.get(group)
        if rules is None:
            return Verdict((f"anything: there is no group {group}",), ())
        name, args, kwargs = str(item.get("name")), item.get("args") or [], item.get("kwargs") or {}
        plain = isinstance(args, list) and isinstance(kwargs, dict)  # else the manager refuses it
        return judge(rules, Asked((name,), bound(described.get(name, {}), args, kwargs) if plain else {}))

    def may_approve(self, user: str) -> None:
        """Refuse who may not.

        Raises
        ------
        BadSubmission
            Says who may.
        """
        group = self.access.group_of(user, self.owner)
        if not self.access.groups[group].may_approve:
            may = [name for name, one in self.access.groups.items() if one.may_approve]
            who = f"the group {', '.join(may)} may" if may else "nobody may: access.toml says so"
            raise BadSubmission(f"{user} (group {group}) may not approve what waits; {who}")


def call_of(item: Mapping[str, Any]) -> str:
    """Return the digest of what an item would do."""
    return digest({"name": item["name"], "args": item.get("args") or [], "kwargs": item.get("kwargs") or {}})


def find_item(items: Iterable[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    """Return the item that is called so, or whose number begins so.

    Raises
    ------
    BadSubmission
        None, or several.
    """
    plans = [one for one in items if one.get("item_type") == "plan"]
    found = [one for one in plans if submission_of(one).get("id") == wanted]
    found = found or [one for one in plans if wanted and str(one.get("item_uid", "")).startswith(wanted)]
    if len(found) != 1:
        known = ", ".join(str(submission_of(one).get("id") or one.get("item_uid", "")[:8]) for one in plans[:8])
        how = "several items are" if found else "no item that waits is"
        raise BadSubmission(f"{how} called {wanted!r}; there wait: {known or 'none'}")
    return found[0]
