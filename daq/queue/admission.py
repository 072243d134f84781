"""The manager's door: who sends what, what the sender's group may not, what waits for approval, and who did what.

bluesky-queueserver's manager believes the group that a client says and starts what is first. Here the group follows
from the name of the user, the rules of `config/access.toml` are held against each item, and items that have to be
approved stay where they are while others pass them by.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import Any

from bluesky_queueserver.manager.manager import RunEngineManager

from beam.access import Access
from daq.queue.actions import Actions, Standing
from daq.queue.doorkeeper import QUIET, TAKES_USER, Doorkeeper, call_of, find_item
from daq.queue.place import VARIABLE, Place

log = logging.getLogger("bluesky_queueserver.terasu")

OURS = ("approve", "reject")
"""What we understand besides the manager's own methods."""
ADDING = ("queue_item_add", "queue_item_add_batch", "queue_item_update")
NAME, TEXT = 100, 500
"""Letters that names and remarks of clients may have."""


class Admitting(RunEngineManager):
    """A manager with rules."""

    _plan_queue: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        setup = json.loads(Path(os.environ[VARIABLE]).read_text())
        actions = Actions(Place(setup["station"], Path(setup["data"])).kept)
        self._door = Doorkeeper(Access.model_validate(setup["access"]), setup["owner"], actions)

    # -- requests ----------------------------------------------------------------------------------------------------

    async def _zmq_execute(self, msg: Any) -> dict[str, Any]:
        method = msg.get("method") if isinstance(msg, dict) else None
        parameters = msg.get("params") if isinstance(msg, dict) else None
        if not isinstance(method, str) or not isinstance(parameters, dict):
            return await super()._zmq_execute(msg)
        who = str(parameters.get("user") or "")[:NAME]
        if method in OURS:
            answer = await self._ours(method, parameters, who)
        else:
            if method not in TAKES_USER:
                parameters = {key: one for key, one in parameters.items() if key != "user"}
            answer = await super()._zmq_execute({**msg, "params": parameters})
        if method not in QUIET:
            await self._note(who, method, answer, parameters)
        return answer

    async def _ours(self, method: str, parameters: dict[str, Any], who: str) -> dict[str, Any]:
        try:
            self._door.may_approve(who)
            items, _ = await self._plan_queue.get_queue()
            item = find_item(items, str(parameters.get("item", "")))
            about = {"item": item["item_uid"], "call": call_of(item), "detail": str(parameters.get("why", ""))[:TEXT]}
            if method == "reject":
                await self._plan_queue.pop_item_from_queue(uid=item["item_uid"])
            await self._keep(who, "approved" if method == "approve" else "rejected", **about)
            self._status_update()
        except Exception as error:
            return {"success": False, "msg": str(error)}
        return {"success": True, "msg": "", "item": item}

    async def _note(self, who: str, method: str, answer: dict[str, Any], parameters: dict[str, Any]) -> None:
        """Keep what was done, and what waits for approval because of it."""
        try:
            done = answer.get("success", True)
            added = [one for one in (answer.get("items") or [answer.get("item")]) if isinstance(one, dict)]
            about = {"item": str(added[0].get("item_uid", ""))} if len(added) == 1 and done else {}
            names = ", ".join(dict.fromkeys(str(one.get("name", "")) for one in added))
            said = names if done else f"refused: {answer.get('msg')}"
            await self._keep(who, method, detail=said[:TEXT], **about)
            if done and method in ADDING:
                standing = await self._standing()
                for one in added:
                    if why := self._door.holds(one, self._described(one), standing):
                        await self._keep("", "held", item=one["item_uid"], call=call_of(one), detail=why)
        except Exception:  # the disk may be full: what was asked for is done all the same
            log.exception("while noting %s", method)

    async def _keep(self, who: str, what: str, **more: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, lambda: self._door.actions.note(who, what, **more))

    async def _standing(self) -> Standing:
        return await asyncio.get_running_loop().run_in_executor(None, self._door.actions.standing)

    async def carry_over(self, before: str, now: str) -> None:
        """Let what was said of an item hold for the number that it has now."""
        standing = await self._standing()
        if before in standing.held or before in standing.approved:
            await self._keep("", "carried", item=now, before=before)

    def is_held(self, item: str) -> bool:
        """Return whether an item, by its number, was found to need approval."""
        return item in self._door.actions.standing().held

    def _described(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the descriptions of the plans that the item's group may run."""
        return (self._allowed_plans or {}).get(item.get("user_group")) or {}

    def _get_user_info_from_request(self, *, request: dict[str, Any]) -> Any:
        if isinstance(request.get("user"), str) and isinstance(request.get("user_group"), str):
            own = self._door.group_of(request["user"], request["user_group"])
            request = {**request, "user": request["user"][:NAME], "user_group": own}
        return super()._get_user_info_from_request(request=request)

    def _prepare_item(self, *, item: Any, item_type: str, user: str, user_group: str, generate_new_uid: bool) -> Any:
        if item_type == "plan":
            self._door.check(item, user, user_group, (self._allowed_plans or {}).get(user_group) or {})
        return super()._prepare_item(
            item=item, item_type=item_type, user=user, user_group=user_group, generate_new_uid=generate_new_uid
        )

    async def _start_single_plan(self, *, item: Any) -> Any:
        if why := self._door.holds(item, self._described(item), await self._standing()):
            return False, f"{item['name']} needs approval for {why}: queue it, and have it approved", item, None
        return await super()._start_single_plan(item=item)

    async def _start_plan_task(
        self, stop_queue: bool = False, autostart_disable: bool = False, single_item: Any = None
    ) -> Any:
        if single_item is None and not stop_queue and not self.queue_stop_pending and not await self._bring_forward():
            log.info("What waits has to be approved")
            stop_queue = True
        return await super()._start_plan_task(
            stop_queue=stop_queue, autostart_disable=autostart_disable, single_item=single_item
        )

    async def _bring_forward(self) -> bool:
        """Bring the first item that may be started to the front; return whether there is one, or the queue is empty."""
        items, _ = await self._plan_queue.get_queue()
        standing = await self._standing()
        for number, one in enumerate(items):
            if not self._door.holds(one, self._described(one), standing):
                if number:
                    await self._plan_queue.move_item(uid=one["item_uid"], pos_dest="front")
                return True
        return not items
