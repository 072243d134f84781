"""The queue's manager: bluesky-queueserver's, which keeps a worker alive and takes no code from clients.

=================================  =====================================================================================
what happens                       what follows
=================================  =====================================================================================
it starts                          the worker is started, and again, later and later, as long as it does not come up
a client closes the environment    no worker until a client opens it
the worker dies, nothing ran       it is started again
the worker dies in a plan          the item is back in the queue, first, marked ``failed``; the queue stops
the same, and failures are to be   the item is back at the queue's end, marked, behind a stop: the others go on, and it
ignored                            runs again only when somebody starts the queue again
all processes died in a plan       the next manager finds the item as running: back in the queue, first, marked
=================================  =====================================================================================

Uploading scripts and changing the permissions of functions are refused: what runs are the station's plans, each
checked by the worker's engine before its first message, whichever client it came from.

A sender's group is what the name says, whatever group the client says. What the group may not submit is refused; what
has to be approved stays in the queue, and what comes after it passes it by, until somebody approves or rejects it. Who
did what is kept (`daq.queue.actions`).
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from typing import Any

from bluesky_queueserver.manager.manager import MState

from daq.queue.admission import Admitting
from daq.queue.external_store import external_store
from daq.queue.operations import Operations
from daq.queue.orphan import end_with_parent
from daq.queue.place import note_process
from daq.queue.store import answers

log = logging.getLogger("bluesky_queueserver.terasu")

LOOK_S = 0.25
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
STORE_S = 20.0
ANSWER_S = 3.0
AT_WORK = (MState.IDLE, MState.EXECUTING_QUEUE, MState.STARTING_QUEUE, MState.PAUSED, MState.EXECUTING_TASK)
RUNNING = (MState.EXECUTING_QUEUE, MState.STARTING_QUEUE)
DIED = "the worker died while this ran; what it had measured is kept"
ALL_DIED = "the queue's processes died while this ran; what it had measured is kept"


class Manager(Admitting):
    """Keeps the queue and a worker."""

    _task_results: Any
    _wants_worker = True
    _goes_on = False
    """Whether the queue is to be started again as soon as there is a worker."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # an answer that comes late for a busy machine is no lost one: a plan would count as failed that was not
        self._comm_to_worker_timeout = ANSWER_S

    @property
    def _plan_queue(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._operations

    @_plan_queue.setter
    def _plan_queue(self, made: Any) -> None:
        """Keep our own kind of queue where the manager makes one of its own."""
        settings = {"redis_host": self._ip_redis_server, "name_prefix": self._redis_name_prefix} if made else {}
        self._operations = Operations(**settings) if made else None
        if self._operations is not None:
            self._operations.came_back = self.carry_over
            self._operations.keeps = self.is_held

    def run(self) -> None:
        """Serve until told to end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        end_with_parent()
        note_process("manager")
        self._wait_for_store()
        super().run()

    async def zmq_server_comm(self) -> None:
        """Serve clients, and see to the worker besides."""
        keeping = asyncio.create_task(self._keep_worker())
        try:
            await super().zmq_server_comm()
        finally:
            keeping.cancel()

    # -- the worker ------------------------------------------------------------------------------------------------

    async def _keep_worker(self) -> None:
        wait_s, not_before = FIRST_WAIT_S, 0.0
        while not self._manager_stopping:
            await asyncio.sleep(LOOK_S)
            try:
                if self._manager_state is MState.INITIALIZING:
                    continue
                if self._manager_state is MState.CREATING_ENVIRONMENT:
                    await self._give_up_on_dead()
                elif self._environment_exists:
                    wait_s = FIRST_WAIT_S
                    if self._manager_state in AT_WORK and not await self._is_worker_alive():
                        await self._worker_died()
                elif self._wants_worker and self._manager_state is MState.IDLE and time.monotonic() > not_before:
                    not_before, wait_s = time.monotonic() + wait_s, min(2 * wait_s, LONGEST_WAIT_S)
                    await self._start_re_worker()
                if self._goes_on and self._environment_exists and self._manager_state is MState.IDLE:
                    started, _ = await self._start_plan()
                    self._goes_on = not started
            except asyncio.CancelledError:
                raise
            except Exception:  # whatever it was, the queue has a manager still
                log.exception("while seeing to the worker")

    async def _give_up_on_dead(self) -> None:
        """End the wait for a worker that died on its way up."""
        waited = self._fut_manager_task_completed
        if waited is not None and not waited.done() and self._worker_started and not await self._is_worker_alive():
            waited.set_result(False)

    _worker_started = False

    async def _watchdog_start_re_worker(self) -> Any:
        self._worker_started = False
        done = await super()._watchdog_start_re_worker()
        self._worker_started = True
        return done

    async def _worker_died(self) -> None:
        log.error("The worker died")
        was_running = self._manager_state in RUNNING and not self.queue_stop_pending
        uids = [one["uid"] for one in self._re_run_list]
        numbers = [one.get("scan_id") for one in self._re_run_list]
        self._manager_state = MState.DESTROYING_ENVIRONMENT
        await self._watchdog_kill_re_worker()
        self._environment_exists = False
        self._worker_state_info = None
        self._re_pause_pending = False
        self._running_task_uid = None
        item = await self._put_back(DIED, uids, numbers)
        await self._task_results.clear_running_tasks()
        self._re_run_list = []
        if item and was_running and self._plan_queue.plan_queue_mode["ignore_failures"]:
            await self._behind_a_stop()
            self._goes_on = True
        self._manager_state = MState.IDLE
        self._status_update()

    async def _put_back(self, why: str, uids: list[str], numbers: list[Any]) -> Any:
        """Put the item that runs back to the queue's front, marked, and a copy into the history."""
        return await self._plan_queue.set_processed_item_as_stopped(
            exit_status="failed", run_uids=uids, scan_ids=numbers, err_msg=why, err_tb=""
        )

    async def _behind_a_stop(self) -> None:
        """Move the first item to the end, behind a stop; one stop will do for all that follow it."""
        items, _ = await self._plan_queue.get_queue()
        if not items:
            return
        first = items[0]
        if not any(one["item_type"] == "instruction" for one in items[1:]):
            await self._plan_queue.add_item_to_queue(
                {
                    "item_type": "instruction",
                    "name": "queue_stop",
                    "user": first["user"],
                    "user_group": first["user_group"],
                    "item_uid": self._plan_queue.new_item_uid(),
                },
                pos="back",
            )
        await self._plan_queue.move_item(uid=first["item_uid"], pos_dest="back")

    # -- starting --------------------------------------------------------------------------------------------------

    def _wait_for_store(self) -> None:
        """Wait for Redis, which may just be starting again."""
        store = external_store(self._ip_redis_server)
        deadline, pause = time.monotonic() + STORE_S, threading.Event()
        while not answers(store.port, store.host) and time.monotonic() < deadline:
            pause.wait(LOOK_S)

    async def _load_lock_info_from_redis(self) -> None:
        """Before anything else is made of what Redis holds: nobody runs what it says is running."""
        await super()._load_lock_info_from_redis()
        if not await self._is_worker_alive():
            await self._put_back(ALL_DIED, [], [])

    # -- what clients may not ------------------------------------------------------------------------------------------

    async def _script_upload_handler(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"success": False, "msg": "no scripts: what runs here are the station's plans", "task_uid": None}

    async def _permissions_set_handler(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"success": False, "msg": "permissions are set by who starts the queue"}

    async def _environment_close_handler(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = await super()._environment_close_handler(request)
        self._wants_worker = self._wants_worker and not answer["success"]
        return answer

    async def _environment_open_handler(self, request: dict[str, Any]) -> dict[str, Any]:
        self._wants_worker = True
        if self._environment_exists or self._manager_state is MState.CREATING_ENVIRONMENT:
            return {"success": False, "msg": "RE Worker environment already exists."}
        return await super()._environment_open_handler(request)
