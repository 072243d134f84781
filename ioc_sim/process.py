"""A server process, seen as a whole: it can freeze, drop its clients, or be gone and come back.

What is gone gives way to `ioc_sim.absence` under the same process id: the kernel closes all circuits, as it does when a
process is killed, and the port refuses connections, but nobody else can take it. The server that follows listens on the
same sockets and has the same token: it belongs to the same simulation.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable

from ioc_sim import memory, options, watch
from ioc_sim.errors import Refused
from ioc_sim.memory import Memory
from ioc_sim.pause import Pause
from ioc_sim.server import OrderedContext


class ServerProcess:
    """The process that runs this code.

    Parameters
    ----------
    command : argparse.Namespace
        How it was started.

    Attributes
    ----------
    role : str
        ``ring``, or ``beamline`` (also a bench's).
    name : str
        Of the beamline or bench, another name for the same.
    memory : Memory or None
        What it knows of its life before.
    remember : Callable[[Memory], None]
        Completes what it would have to know; set by whoever makes its channels.
    pause : Pause
        Whether its time stands still; likewise.
    """

    def __init__(self, command: argparse.Namespace) -> None:
        self._command = command
        self._context: OrderedContext | None = None
        self.role = "ring" if command.what == options.RING else "beamline"
        self.name: str = command.what
        self.memory = None if command.restore is None else memory.take_over(command.restore)
        self.remember: Callable[[Memory], None] = lambda _: None
        self.pause = Pause()

    @property
    def serving(self) -> OrderedContext:
        """The server's protocol side."""
        if self._context is None:
            raise Refused("the server is still starting")
        return self._context

    def serve(self, context: OrderedContext) -> None:
        """Say what serves this process's channels."""
        self._context = context

    # ---- what can befall it, in the next turn: the put that asks for it is answered before

    def drop_circuits(self) -> None:
        """Close all circuits."""
        self._next_turn(self.serving.drop_circuits)

    def freeze(self, seconds: float | None) -> None:
        """Do nothing for wall `seconds`, or until SIGCONT."""
        watch.forget_continue()
        self._next_turn(lambda: watch.stand_still(seconds))

    def die(self, seconds: float | None) -> None:
        """Be gone for wall `seconds`, or until SIGCONT; nothing was saved."""
        watch.forget_continue()
        self._next_turn(lambda: self._give_way(autosave=False, seconds=seconds or 0.0, absent=True))

    def reboot(self, seconds: float, *, autosave: bool) -> None:
        """Be gone for wall `seconds`, and start again."""
        watch.forget_continue()
        self._next_turn(lambda: self._give_way(autosave=autosave, seconds=seconds, absent=seconds > 0))

    def _next_turn(self, action: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        # after the monitors and the completion that this turn and the next one write
        loop.call_soon(loop.call_soon, self._after_the_last_word, action)

    def _after_the_last_word(self, action: Callable[[], object]) -> None:
        self.serving.send_late_now()
        action()

    def _give_way(self, *, autosave: bool, seconds: float, absent: bool) -> None:
        left = Memory(autosave)
        self.remember(left)
        memory_at = left.hand_over()
        tcp, udp = self.serving.reserve_port()
        words = [f"--sockets={tcp},{udp}", f"--restore={memory_at}", *options.words(self._command)]
        command = ["-m", "ioc_sim.serve", *words]
        if absent:
            command = ["-m", "ioc_sim.absence", repr(seconds), *command]
        os.execv(sys.executable, [sys.executable, *command])
