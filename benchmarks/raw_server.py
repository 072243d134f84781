"""The same four PVs on our server or on the C server of EPICS base (through pythonSoftIOC), in a process of their own.

``python -m benchmarks.raw_server {ours|c} PORT``: `RAW:Axis` (put), `RAW:Acquire` (a put that counts), `RAW:A` and
`RAW:B` (renewed by each acquisition). Prints ``ready``; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import os
import sys


def main() -> None:
    """Serve."""
    kind, port = sys.argv[1:]
    os.environ.update(
        EPICS_CAS_INTF_ADDR_LIST="127.0.0.1",
        EPICS_CAS_BEACON_ADDR_LIST="127.0.0.1",
        EPICS_CAS_AUTO_BEACON_ADDR_LIST="NO",
        EPICS_CAS_SERVER_PORT=port,
        EPICS_CA_SERVER_PORT=port,
    )
    serve_c() if kind == "c" else asyncio.run(serve_ours(int(port)))


def serve_c() -> None:
    """Serve with the C server."""
    from softioc import asyncio_dispatcher, builder, softioc

    dispatcher = asyncio_dispatcher.AsyncioDispatcher()
    builder.SetDeviceName("RAW")
    builder.aOut("Axis", initial_value=0.0)
    a, b = builder.aIn("A", initial_value=0.0), builder.aIn("B", initial_value=0.0)

    def acquire(_: object) -> None:
        a.set(a.get() + 1)
        b.set(b.get() + 1)

    builder.longOut("Acquire", initial_value=0, on_update=acquire, always_update=True, blocking=True)
    builder.LoadDatabase()
    softioc.iocInit(dispatcher)
    print("ready", flush=True)
    sys.stdin.read()


async def serve_ours(port: int) -> None:
    """Serve with ours."""
    from ioc_sim.channels import Float, Int
    from ioc_sim.server import OrderedContext

    a, b = Float(0.0), Float(0.0)

    async def acquire(_: object) -> None:
        a.post(a.value + 1)
        b.post(b.value + 1)

    async def moved(_: object) -> None:
        """Nothing to do: the axis is instant."""

    channels = {"RAW:Axis": Float(0.0, on_put=moved), "RAW:Acquire": Int(0, on_put=acquire), "RAW:A": a, "RAW:B": b}
    context = OrderedContext(channels, port=port, on_ready=lambda: print("ready", flush=True))
    serving = asyncio.create_task(context.run())
    await asyncio.to_thread(sys.stdin.read)
    serving.cancel()


if __name__ == "__main__":
    main()
