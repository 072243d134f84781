"""What a station's queue does, as its manager publishes it.

The manager publishes its status whenever that changes; what waits and what runs is asked for when the status says that
it has changed, and never otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import zmq

from beam.errors import TerasuError
from daq.queue.actions import Actions, Standing
from daq.queue.client import Client
from daq.queue.place import Place, running

TOPIC = "QS_Info"
WAIT_MS = 500
LOOK_S = 2.0
"""How often it is looked, in the user's own directory, whether there is a queue."""
ANSWER_S = 3.0


class QueueWatch:
    """Follows the queue of one station, where there is one; a context manager.

    Attributes
    ----------
    status, running, items, standing
        As the manager last said it; no status where there is no queue, or it does not answer.
    """

    def __init__(self, station: str, data: Path) -> None:
        self._station, self._data = station, data
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="queue", daemon=True)
        self.status: dict[str, Any] = {}
        self.running: dict[str, Any] = {}
        self.items: list[dict[str, Any]] = []
        self.standing = Standing({}, {})
        self.ready = threading.Event()
        """Set when it is known whether there is a queue, and what it does."""

    def __enter__(self) -> QueueWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _place(self) -> Place | None:
        here = self._data.resolve()
        found = [one for one in running() if one.station == self._station and one.data.resolve() == here]
        return found[0] if found else None

    def _follow(self) -> None:
        while not self._ended.is_set():
            place = self._place()
            if place is None:
                self.status = {}
                self.ready.set()
                self._ended.wait(LOOK_S)
            else:
                self._listen(place)

    def _listen(self, place: Place) -> None:
        with zmq.Context() as context, context.socket(zmq.SUB) as listening:
            listening.linger = 0
            listening.connect(place.info)
            listening.subscribe(TOPIC)
            client = Client(place, timeout_s=ANSWER_S)
            known = self._ask(client, None)
            looked = time.monotonic()
            while not self._ended.is_set():
                if not listening.poll(WAIT_MS):
                    if time.monotonic() - looked > LOOK_S:
                        looked = time.monotonic()
                        if place.owner() is None:
                            self.status = {}
                            return
                        if not self.status:  # the manager was away; it is started again
                            known = self._ask(client, None)
                    continue
                try:
                    said = json.loads(listening.recv_multipart()[-1])["msg"]["status"]
                except (ValueError, KeyError, TypeError):
                    continue
                self.status = said
                known = self._ask(client, known, said)

    def _ask(self, client: Client, known: Any, status: dict[str, Any] | None = None) -> Any:
        """Ask for what has changed; return by what a further change is known."""
        try:
            self.status = status = client.ask("status") if status is None else status
            now = (status.get("plan_queue_uid"), status.get("running_item_uid"))
            if now != known:
                queue = client.command("queue_get")
                self.items, self.running = queue["items"], queue["running_item"]
                self.standing = Actions(client.place.kept).standing()
            return now
        except TerasuError:
            self.status = {}
            return None
        finally:
            self.ready.set()
