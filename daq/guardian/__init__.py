"""The guard process: it closes the shutter when the engine dies; see docs/reference/lease.md."""
