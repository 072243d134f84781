"""What the ports of one detector share: each other by name, time, and how many arrays wait in queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ioc_sim.timing import DetectorTime

if TYPE_CHECKING:
    from ioc_sim.area_detector.port import Port

RATE_S = 1.0
"""Wall time between two updates of the ports' array rates."""


class Pipeline:
    """The ports of a detector.

    Parameters
    ----------
    time : DetectorTime
        The server's time.
    sizes : Mapping[str, int]
        `width`, `height` and `pixels` of the camera.
    pixel : str
        The element type of its images on the wire.
    """

    def __init__(self, time: DetectorTime, sizes: Mapping[str, int], pixel: str) -> None:
        self.time, self.sizes, self.pixel = time, sizes, pixel
        self.ports: dict[str, Port] = {}
        self.waiting = 0
        """Arrays in queues or in work."""
        self.changed: Callable[[], None] = lambda: None
        """Called when `waiting` has changed."""
        self._empty = asyncio.Event()
        self._empty.set()
        self._rates: asyncio.Task[None] | None = None

    @property
    def unhurried(self) -> bool:
        """Whether who comes too fast waits: on the experiment's clock, a slow machine must not lose frames."""
        return self.time.clock.mode == "experiment"

    def count(self, change: int) -> None:
        """Add so many arrays to those that wait."""
        self.waiting += change
        if self.waiting:
            self._empty.clear()
        else:
            self._empty.set()
        self.changed()

    async def until_empty(self) -> None:
        """Wait until no array is left in a queue."""
        await self._empty.wait()

    def moved(self) -> None:
        """Keep the ports' rates up to date from now on, until nothing moves any more."""
        if self._rates is None or self._rates.done():
            self._rates = asyncio.create_task(self._show_rates())

    async def _show_rates(self) -> None:
        loop = asyncio.get_running_loop()
        counted, since = {name: port.handled for name, port in self.ports.items()}, loop.time()
        moving = True
        while moving:
            await asyncio.sleep(RATE_S)
            now, moving = loop.time(), False
            for name, port in self.ports.items():
                made = port.handled - counted[name]
                port.set("ArrayRate", round(made / (now - since), 2))
                counted[name] = port.handled
                moving = moving or made > 0
            since = now
