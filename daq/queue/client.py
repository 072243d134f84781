"""Asks a queue's manager: one request, one answer, in the manager's own protocol."""

from __future__ import annotations

import getpass
import json
import threading
import time
from typing import Any

import zmq

from daq.queue.errors import BadSubmission, NotAnswering
from daq.queue.place import Place

GROUP = "primary"
POLL_S = 0.05


class Client:
    """One user's way to one queue.

    Parameters
    ----------
    place
        Where the queue lives.
    user
        Who asks (default: who is logged in).
    timeout_s
        How long an answer is waited for.
    """

    def __init__(self, place: Place, user: str | None = None, timeout_s: float = 10.0) -> None:
        self.place = place
        self.user = user or getpass.getuser()
        self._timeout_s = timeout_s

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the manager's answer, whatever it is; raise NotAnswering if none comes.

        It is told who asks, whatever is asked.
        """
        # a socket for each: after a question that was not answered, another could not be asked on the same
        with zmq.Context() as context, context.socket(zmq.REQ) as asking:
            asking.linger = 0
            asking.connect(self.place.control)
            asking.send(json.dumps({"method": method, "params": {"user": self.user, **parameters}}).encode())
            if not asking.poll(int(self._timeout_s * 1000)):
                raise NotAnswering(
                    f"the queue of {self.place.station} does not answer within {self._timeout_s:g} s; it may just be "
                    "starting again"
                )
            return json.loads(asking.recv())

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something to be done; raise BadSubmission with the manager's reason if it is not."""
        answer = self.ask(method, **parameters)
        if not answer.get("success", True):
            raise BadSubmission(f"{method}: {answer.get('msg') or 'refused'}")
        return answer

    def as_user(self, method: str, **parameters: Any) -> dict[str, Any]:
        """As `command`, for what is asked as a member of a group: the user's own."""
        return self.command(method, user_group=GROUP, **parameters)

    def plans(self) -> dict[str, dict[str, Any]]:
        """Return what can be queued: the manager's descriptions, by name."""
        found = self.command("plans_allowed", user_group=GROUP)["plans_allowed"]
        if not found:  # they are known as soon as there was a worker
            self.wait_for_worker()
            found = self.command("plans_allowed", user_group=GROUP)["plans_allowed"]
        return found

    def look_ahead(self, items: list[dict[str, Any]], within_s: float = 120.0) -> list[dict[str, Any]]:
        """Return for each item what its plan would do, or why it would be refused; the worker walks it."""
        self.wait_for_worker()
        function = {"item_type": "function", "name": "look_ahead", "args": [items, self.user]}
        task = self.as_user("function_execute", item=function, run_in_background=True)["task_uid"]
        deadline, pause = time.monotonic() + within_s, threading.Event()
        while time.monotonic() < deadline:
            answer = self.command("task_result", task_uid=task)
            if answer["status"] == "completed":
                result = answer["result"]
                if not result["success"]:
                    raise BadSubmission(f"the dry run failed: {result['msg']}")
                return result["return_value"]
            if answer["status"] == "not_found":
                raise NotAnswering("the worker ended during the dry run; submit it again")
            pause.wait(POLL_S)
        raise NotAnswering(f"the dry run takes longer than {within_s:g} s")

    def wait_for_worker(self) -> None:
        """Wait for a worker that is starting; raise BadSubmission if there will be none, with the reason."""
        status = self.ask("status")
        if not status["worker_environment_exists"]:
            if why := self.place.refused():
                raise BadSubmission(f"the queue of {self.place.station} has no worker: {why}")
            self.wait_for("the worker is ready", lambda one: one["worker_environment_exists"])

    def wait_for(self, what: str, fulfilled: Any, within_s: float = 30.0) -> dict[str, Any]:
        """Return the manager's status as soon as `fulfilled` says that it is what is waited for."""
        deadline, pause = time.monotonic() + within_s, threading.Event()
        while True:
            status = self.ask("status")
            if fulfilled(status):
                return status
            if time.monotonic() > deadline:
                raise NotAnswering(f"{what}: not within {within_s:g} s")
            pause.wait(POLL_S)
