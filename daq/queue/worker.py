"""The queue's worker: bluesky-queueserver's, with an end that closes the session and runs that know who asked."""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType
from typing import Any

from bluesky_queueserver.manager.worker import RunEngineWorker

from daq.queue.orphan import end_with_parent
from daq.queue.place import note_process

STARTUP = "daq.queue.startup"


class Worker(RunEngineWorker):
    """Runs the queue's plans.

    Each plan is held against the rules of its sender's group (`daq.queue.gate`). SIGTERM while a plan runs aborts it,
    with its clean-up (the session sees to that); otherwise the worker closes the session and ends. When its parent
    died, it gets one, and soon after is killed.
    """

    def run(self) -> None:
        """Work until told to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _leave)
        end_with_parent()
        note_process("worker")
        try:
            super().run()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if (module := sys.modules.get(STARTUP)) is not None:
                with contextlib.suppress(Exception):
                    module.close()

    def _generate_new_plan(self, parameters: dict[str, Any]) -> Any:
        meta = parameters.get("meta") or {}
        own = {
            "operator": parameters["user"],
            "queue": {"item": parameters["item_uid"], "user": parameters["user"], "group": parameters["user_group"]},
        }
        if (module := sys.modules.get(STARTUP)) is not None:
            module.gate.item = parameters
        return super()._generate_new_plan({**parameters, "meta": {**meta, **own} if isinstance(meta, dict) else meta})


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
