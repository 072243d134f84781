"""The device tree as one Tango server, whatever each device speaks; `daq.tango_export.server.serve` does it."""
