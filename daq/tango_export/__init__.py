"""The device tree as one Tango server, whatever each device speaks; `serve` is all that others need."""

from daq.tango_export.database import Embedded, Existing, NoDatabase, Where
from daq.tango_export.rights import READ_ONLY, Rights
from daq.tango_export.server import Server, serve

__all__ = ["READ_ONLY", "Embedded", "Existing", "NoDatabase", "Rights", "Server", "Where", "serve"]
