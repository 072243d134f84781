"""What can befall a server as a whole.

A client that sets one of these sees its completion first; the fault acts in the server's next turn.

====================  ==========================  ===================  ==================================
fault                 circuits                    port                 ends
====================  ==========================  ===================  ==================================
server_killed         closed by the kernel        refuses connections  `for_s` over, or SIGCONT: it starts
server_rebooted       closed by the kernel        refuses connections  by itself, `down_s` later: it starts
server_frozen         stay, nothing is answered   accepts connections  `for_s` over, or SIGCONT: it goes on
circuit_dropped       closed                      as before            at once
searches_unanswered   stay                        no search answered   cleared
slow_server           stay, each answer is late   as before            cleared
====================  ==========================  ===================  ==================================

A server that is gone or frozen cannot be told to clear anything: whoever clears sends it SIGCONT, by its process id.
"""

from __future__ import annotations

from ioc_sim.faults.row import FOR_S, Argument, Arguments, Fault, Start, Undo
from ioc_sim.process import ServerProcess


async def _killed(server: ServerProcess, given: Arguments) -> None:
    server.die(given["for_s"] or None)


async def _rebooted(server: ServerProcess, given: Arguments) -> None:
    server.reboot(given["down_s"], autosave=given["autosave"])


async def _frozen(server: ServerProcess, given: Arguments) -> None:
    server.freeze(given["for_s"] or None)


async def _dropped(server: ServerProcess, _: Arguments) -> None:
    server.drop_circuits()


async def _deaf(server: ServerProcess, _: Arguments) -> Undo:
    server.serving.deaf = True

    async def undo() -> None:
        server.serving.deaf = False

    return undo


async def _slow(server: ServerProcess, given: Arguments) -> Undo:
    server.serving.delay_s = given["ms"] / 1000.0

    async def undo() -> None:
        server.serving.delay_s = 0.0

    return undo


def _row(name: str, description: str, start: Start, part: str, *arguments: Argument) -> Fault:
    return Fault(name, "server", (ServerProcess,), description, start, part, arguments)


FAULTS = (
    _row(
        "server_killed",
        "gone without a word, nothing saved: circuits closed, connections refused; clearing starts it again",
        _killed,
        "process",
        FOR_S,
    ),
    _row(
        "server_frozen",
        "answers nothing, circuits stay open; clearing lets it go on, and it answers all it was asked",
        _frozen,
        "process",
        FOR_S,
    ),
    _row(
        "server_rebooted",
        "gone, and back on its port: motions under way are lost; with autosave positions and settings survive, without "
        "they read as at the start, wherever the mechanics stands",
        _rebooted,
        "process",
        Argument("autosave", True, "whether its settings were saved"),
        Argument("down_s", 0.0, "wall time (s) before it starts again", 0.0, 3600.0),
    ),
    _row("circuit_dropped", "all circuits are closed once; the server lives", _dropped, "circuits"),
    _row(
        "searches_unanswered",
        "no search is answered: circuits that are open work, nobody finds a PV anew",
        _deaf,
        "searches",
    ),
    _row(
        "slow_server",
        "each answer and each monitor is late",
        _slow,
        "answers",
        Argument("ms", 200.0, "by how much (wall time, ms)", 1.0, 1000.0),
    ),
)
