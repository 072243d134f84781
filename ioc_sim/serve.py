"""One server process: ``python -m ioc_sim.serve {ring|BEAMLINE|BENCH} [options]``.

It prints one line of JSON on standard output: ``{"ready": true, "port": …, "pid": …, "pvs": …, "prefix": …}``
when clients can connect, or ``{"error": "one clear line"}`` and ends with status 3. SIGTERM, SIGINT and the end of its
standard input (if that is a pipe) end it with status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from beam.errors import TerasuError
from ioc_sim import options as command_line
from ioc_sim import watch
from ioc_sim.turns import take_short_turns

if TYPE_CHECKING:
    from ioc_sim.process import ServerProcess

REFUSED = 3


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end; return the exit status."""
    watch.hold_continue()
    parent = watch.ParentWatch()
    parent.start()
    watch.end_early_on_signals()
    take_short_turns()
    options = command_line.read(arguments)
    gc.disable()  # what is imported and built at the start stays: walking it again and again costs a third of the start
    try:
        asyncio.run(_serve(options, parent))
    except TerasuError as error:
        _say(error=" ".join(str(error).split()))
        sys.stderr.write(f"{error}\n" if options.restore is not None else "")
        return REFUSED
    return 0


async def _serve(options: argparse.Namespace, parent: watch.ParentWatch) -> None:
    # Imported late: an orphan must be noticed, and a bad option refused, before the slow imports.
    from ioc_sim import log
    from ioc_sim.process import ServerProcess
    from ioc_sim.server import OrderedContext
    from ioc_sim.sockets import adopt_pair

    log.configure()
    loop = asyncio.get_running_loop()
    this = asyncio.current_task()
    assert this is not None
    watch.end_on_signals(loop, this.cancel)
    parent.call(lambda: loop.call_soon_threadsafe(this.cancel))

    def ready() -> None:
        gc.freeze()
        gc.enable()
        prefix = next(name for name in pvs if name.endswith("SIM:Simulated")).removesuffix("SIM:Simulated")
        if options.restore is None:  # whoever waited for the line has read it
            _say(ready=True, port=context.port, pid=os.getpid(), pvs=len(pvs), prefix=prefix)

    process = ServerProcess(options)
    with contextlib.suppress(asyncio.CancelledError):
        async with _channels(options, process) as pvs:
            context = OrderedContext(
                pvs,
                port=options.port,
                sockets=adopt_pair(options.sockets) if options.sockets else None,
                shuffled=options.order == "shuffled",
                on_ready=ready,
                pause=process.pause,
            )
            process.serve(context)
            await context.run()


def _channels(
    options: argparse.Namespace, process: ServerProcess
) -> contextlib.AbstractAsyncContextManager[dict[str, Any]]:
    if options.what == command_line.RING:
        from ioc_sim.ring_process import ring

        return ring(options, process)
    from beam import facts

    if options.what in facts.load_facility(options.config).benches:
        from ioc_sim.bench_process import bench

        return bench(options, process)
    from ioc_sim.beamline_process import beamline

    return beamline(options, process)


def _say(**content: Any) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking numpy, scipy and the tables apart, piece by piece, would take longer than everything else at the end.
    os._exit(status)
