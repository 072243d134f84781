"""The Tango server of a process: in a thread of its own, beside the event loop in which the channels live.

It registers its devices in the database that ``TANGO_HOST`` names, binds loopback only, and pushes events from one more
thread: whoever publishes a channel never waits for Tango.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from ioc_sim.errors import ServerError
from ioc_sim.sockets import LOOPBACK
from ioc_sim.tango_devices.face import Face
from ioc_sim.tango_devices.presence import Presence

SERVER = "Terasu"
DATABASE_S = 20.0
"""Wall time within which the database must answer; it may still be starting."""
RETRY_S = 0.02
END_S = 0.5
"""Wall time in which the database may be told that the devices are gone."""


@contextlib.asynccontextmanager
async def shown(instance: str, faces: Sequence[Face]) -> AsyncIterator[None]:
    """Show `faces` as the Tango server ``Terasu/<instance>``; nothing of Tango is loaded if there are none.

    Raises
    ------
    ServerError
        If the database does not answer, or refuses the devices.
    """
    if not faces:
        yield
        return
    host = Host(instance, faces)
    await host.start()
    try:
        yield
    finally:
        await host.stop()


class Host:
    """One Tango server in this process; made in the event loop whose channels it shows."""

    def __init__(self, instance: str, faces: Sequence[Face]) -> None:
        self._instance = instance
        self._loop = asyncio.get_running_loop()
        self._whole = asyncio.current_task()
        self._presences = [Presence(face, self._loop) for face in faces]
        self._changes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ready: asyncio.Future[None] = self._loop.create_future()

    async def start(self) -> None:
        """Return when clients can connect."""
        threading.Thread(target=self._serve, name="tango", daemon=True).start()
        await self._ready

    async def stop(self) -> None:
        """Tell the database that the devices are gone; the process ends with us, and with it the server."""
        for one in self._presences:
            one.on_change = None
        told = asyncio.Event()

        def tell() -> None:
            import tango

            with tango.EnsureOmniThread(), contextlib.suppress(tango.DevFailed, RuntimeError):
                tango.Util.instance().unregister_server()
                self._loop.call_soon_threadsafe(told.set)

        # not in the loop's pool of threads, whose end would be waited for: the database may be gone, or not answer
        threading.Thread(target=tell, name="tango-end", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), END_S)

    # -- in Tango's own threads --------------------------------------------------------------------------------

    def _serve(self) -> None:
        import tango
        from tango.server import run

        from ioc_sim.tango_devices import device

        with tango.EnsureOmniThread():
            try:
                device.BEHIND.update({one.face.device.lower(): one for one in self._presences})
                self._register()
                run(
                    tuple({device.CLASSES[one.face.kind] for one in self._presences}),
                    args=[SERVER, self._instance, "-ORBendPoint", f"giop:tcp:{LOOPBACK}:"],
                    msg_stream=None,
                    post_init_callback=self._started,
                    raises=True,
                )
            except tango.DevFailed as error:
                first = ServerError(f"Tango server {SERVER}/{self._instance}: {error.args[0].desc.strip()}")
                self._settle(first)
            except Exception as error:
                self._settle(error)
            else:
                # Tango's own handling of signals ends its server: the rest of the process ends with it
                if self._whole is not None:
                    self._loop.call_soon_threadsafe(self._whole.cancel)

    def _register(self) -> None:
        import tango

        database = database_there(DATABASE_S)
        for one in self._presences:
            info = tango.DbDevInfo()
            info.server, info.name = f"{SERVER}/{self._instance}", one.face.device
            info._class = one.face.kind  # noqa: SLF001 - so PyTango calls what cannot be called class
            database.add_device(info)
            database.put_device_property(
                one.face.device, {key: [str(value)] for key, value in one.face.properties.items()}
            )

    def _started(self) -> None:
        threading.Thread(target=self._push, name="tango-events", daemon=True).start()
        for one in self._presences:
            one.on_change = lambda name, what, device=one.face.device: self._changes.put((device, name, what))
        self._settle(None)

    def _push(self) -> None:
        import tango

        with tango.EnsureOmniThread():
            util = tango.Util.instance()
            devices: Any = {one.face.device: util.get_device_by_name(one.face.device) for one in self._presences}
            while True:
                device, name, what = self._changes.get()
                devices[device].changed(name, what)

    def _settle(self, error: Exception | None) -> None:
        def settle() -> None:
            if self._ready.done():
                return
            if error is None:
                self._ready.set_result(None)
            else:
                self._ready.set_exception(error)

        self._loop.call_soon_threadsafe(settle)


def database_there(within_s: float) -> Any:
    """Return the database that ``TANGO_HOST`` names, once it answers.

    Raises
    ------
    ServerError
        If ``TANGO_HOST`` is not set, or nothing answers there in time.
    """
    import tango

    where = os.environ.get("TANGO_HOST")
    if not where:
        raise ServerError("TANGO_HOST is not set: it says where the Tango database is, as 127.0.0.1:10000")
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        try:
            return tango.Database()
        except tango.DevFailed as error:
            if time.monotonic() > deadline:
                reason = error.args[-1].desc.strip()
                raise ServerError(f"no Tango database at TANGO_HOST={where} within {within_s:g} s: {reason}") from error
        pause.wait(RETRY_S)
