"""A server of one 2048² uint16 waveform and one number, in a process of its own; see `benchmarks.image_latency`.

``python -m benchmarks.image_server PORT``: `IMG:Frame` is published ten times a second while `IMG:Run` is 1,
`IMG:Number` is there to be read. Prints ``ready``; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import caproto as ca
import numpy as np

SIDE = 2048
PERIOD_S = 0.1


async def serve(port: int) -> None:
    """Serve until standard input closes."""
    from ioc_sim.arrays import to_wire
    from ioc_sim.channels import Channel, Float, Int
    from ioc_sim.server import OrderedContext

    class Frame(Channel, ca.ChannelShort):
        """Pixels; Channel Access has no unsigned 16-bit integer, so clients see the same bits as signed ones."""

    running = asyncio.Event()
    frame = Frame(value=np.zeros(SIDE * SIDE, np.int16), max_length=SIDE * SIDE)
    shown = Int(0)
    image = np.random.default_rng(1).poisson(1000, (SIDE, SIDE)).astype(np.uint16)

    async def run(value: Any) -> None:
        running.set() if value else running.clear()

    async def publish() -> None:
        loop = asyncio.get_running_loop()
        while True:
            await running.wait()
            due = loop.time() + PERIOD_S
            image[0, 0] = (image[0, 0] + 1) & 0x7FFF
            frame.post(await asyncio.to_thread(lambda: to_wire(image.view(np.int16))))
            shown.post(shown.value + 1)
            await asyncio.sleep(due - loop.time())

    channels = {"IMG:Frame": frame, "IMG:Frames": shown, "IMG:Number": Float(1.0), "IMG:Run": Int(0, on_put=run)}
    context = OrderedContext(channels, port=port, on_ready=lambda: print("ready", flush=True))
    tasks = [asyncio.create_task(context.run()), asyncio.create_task(publish())]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
