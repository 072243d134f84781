"""The message ``setting``: a plan that measured a setting has it kept.

``Msg("setting", device, bragg_offset_deg=0.0012, why="Fe K found at …", uid=uid)`` writes a new version of the
station's settings, gives the value to the device, and later runs record it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from daq.settings.adopt import adopt
from daq.settings.known import find_setting, known_settings
from daq.settings.store import SettingsStore

if TYPE_CHECKING:
    from bluesky.run_engine import RunEngine
    from bluesky.utils import Msg

    from beamlines import DeviceTree


class KeepSettings:
    """What the engine does with that message."""

    def __init__(
        self, engine: RunEngine, tree: DeviceTree, store: SettingsStore, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._engine, self._tree, self._store, self._say = engine, tree, store, say
        engine.register_command("setting", self)

    async def __call__(self, msg: Msg) -> int:
        """Keep what `msg` says; return the version.

        Raises
        ------
        UnknownName, OutOfReach
            No such setting, or a value that is not allowed; nothing has changed.
        DataError
            It cannot be written; nothing has changed.
        """
        given = dict(msg.kwargs)
        why, run = str(given.pop("why", "")), given.pop("uid", None)
        known = known_settings(self._tree.facts)
        before = self._store.latest()
        key = next(key for key, device in self._tree.devices.items() if device is msg.obj)
        changes: dict[str, float] = {}
        for attribute, value in given.items():
            setting = find_setting(known, f"{key}.{attribute}")
            changes[setting.name] = setting.checked(float(value))
        version = self._store.set(changes, why=why, run=run)
        self._engine.md["settings"] = adopt(self._tree, self._store)
        for name, value in changes.items():
            had = before.values.get(name, known[name].default)
            self._say(
                f"{name} {had:.7g} -> {value:.7g} {known[name].unit}: {why} (settings, version {version.version})"
            )
        return version.version
