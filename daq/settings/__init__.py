"""What is measured at a beamline rather than known of it: offsets and spacings, in versions that are never lost."""

from daq.settings.adopt import adopt
from daq.settings.keep import KeepSettings
from daq.settings.known import Setting, known_settings
from daq.settings.store import SettingsError, SettingsStore, Version

__all__ = ["KeepSettings", "Setting", "SettingsError", "SettingsStore", "Version", "adopt", "known_settings"]
