"""Giving the settings to the devices of a session, and to the record of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beam.errors import TerasuError
from daq.settings.known import find_setting, known_settings
from daq.settings.store import SettingsError, SettingsStore

if TYPE_CHECKING:
    from beamlines import DeviceTree


def adopt(tree: DeviceTree, store: SettingsStore) -> dict[str, Any]:
    """Set the devices of `tree` to the latest version in `store`; return what its runs record as ``settings``.

    Raises
    ------
    SettingsError
        If a value does not fit the configuration; no device was touched.
    """
    known = known_settings(tree.facts)
    latest = store.latest()
    values = {name: one.default for name, one in known.items()}
    for name, value in latest.values.items():
        try:
            values[name] = find_setting(known, name).checked(value)
        except TerasuError as error:
            raise SettingsError(
                f"{store.path}, version {latest.version}: {error}; `terasu settings set {tree.name} {name}=` unsets it"
            ) from error
    record: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        device, attribute = name.split(".")
        setattr(tree.devices[device], attribute, value)
        record.setdefault(device, {})[attribute] = value  # event documents allow no point in a key
    return {"version": latest.version, "values": record}
