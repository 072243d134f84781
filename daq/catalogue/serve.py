"""The catalogue process: the one writer of a catalogue directory, fed from the journals, read by all.

    python -m daq.catalogue.serve --data DIR [--idle SECONDS]

It is started on demand (`daq.catalogue.ensure_catalogue`), serves Tiled on a free port of this host with a random
key, and ends when for a while nobody asked anything and no run was open. Its priority is low: a scan comes first.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from beam.errors import TerasuError
from daq import logs, paths
from daq.catalogue import store
from daq.catalogue.address import Address, Ownership
from daq.catalogue.spared import spare
from daq.errors import FAILED

IDLE_S = 120.0
NICE_STARTING = 4  # somebody may be waiting for it
NICE_SERVING = 10  # a scan comes first
END_TIMEOUT_S = 5.0

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Serve until idle or told to end; exit at once with 0 if another process serves this directory."""
    parser = argparse.ArgumentParser(prog="daq.catalogue.serve", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--idle", type=float, metavar="SECONDS")
    arguments = parser.parse_args(argv)
    idle_s = float(os.environ.get("TERASU_CATALOGUE_IDLE_S", IDLE_S)) if arguments.idle is None else arguments.idle
    directory = paths.catalogue_dir(arguments.data)
    ownership = Ownership.take(directory)
    if ownership is None:
        return 0
    os.nice(NICE_STARTING)
    logs.log_to(paths.log_dir(arguments.data), "catalogue")
    for chatty in ("alembic", "httpx", "numexpr", "tiled", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        store.check(directory)
    except TerasuError as error:
        print(error, file=sys.stderr)  # noqa: T201  read by whoever started this
        return FAILED
    gc.disable()  # half a million imports' worth of objects that stay: walking them costs a second
    # our own server is one process away: an error is an answer, not something to try again for a minute
    os.environ.update(TILED_RETRY_ATTEMPTS="2", TILED_RETRY_TIMEOUT="2")
    app, feed, listener, address = _build(arguments.data)
    gc.collect()
    gc.freeze()
    gc.enable()
    os.nice(NICE_SERVING - NICE_STARTING)
    asyncio.run(_serve(app, feed, listener, ownership, address, idle_s))
    return 0


def _build(data: Path) -> tuple[Any, Any, socket.socket, Address]:
    """Import Tiled and put the server together."""
    spare()
    from tiled.config import Authentication
    from tiled.server.app import build_app

    from daq.catalogue.feed import Feed
    from daq.catalogue.ledger import Ledger
    from daq.catalogue.status import Status

    directory = paths.catalogue_dir(data)
    store.initialise(directory)
    key = secrets.token_hex(32)
    # asyncio sets TCP_NODELAY only on sockets that name their protocol: without it each answer takes 40 ms more
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    address = Address(os.getpid(), listener.getsockname()[1], key)
    files = paths.detector_dirs(data)
    app = build_app(store.tree(directory, files), authentication=Authentication(single_user_api_key=key))

    def connect() -> Any:
        from tiled.client import from_uri

        return from_uri(address.url, api_key=key, trust_env=False, include_data_sources=True)

    feed = Feed(paths.journal_dir(data), Ledger(directory / store.LEDGER), connect, files)
    return Status(app, feed, key), feed, listener, address


async def _serve(
    app: Any, feed: Any, listener: socket.socket, ownership: Ownership, address: Address, idle_s: float
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # ours: the feed ends before the server that it writes to

    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", loop="asyncio", timeout_graceful_shutdown=2
    )
    server = Server(config)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    if serving.done():
        raise RuntimeError("the Tiled server did not start; catalogue.log tells more")
    feed.start()
    ownership.announce(address)
    log.info("serving %s, process %d", address.url, address.pid)
    while not told.is_set() and feed.alive and not _idle(app, feed, idle_s):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), min(1.0, idle_s / 2))
    ownership.withdraw()
    await asyncio.to_thread(feed.stop, END_TIMEOUT_S)
    server.should_exit = True
    await serving
    log.info("ended, %s", "told to" if told.is_set() else "idle")


def _idle(app: Any, feed: Any, idle_s: float) -> bool:
    last = max(app.last_request, feed.last_active)
    return not feed.busy and time.monotonic() - last > idle_s


if __name__ == "__main__":
    sys.exit(main())
