"""Ends a process whose parent died, however that died."""

from __future__ import annotations

import os
import signal
import threading

POLL_S = 0.25
PATIENCE_S = 1.5
"""What an orphan has to bring its run to an end and close the shutter."""


def end_with_parent() -> None:
    """See to it that this process ends soon after its parent: asked to at first, then without being asked."""
    parent = os.getppid()

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(POLL_S)
        os.kill(os.getpid(), signal.SIGTERM)
        pause.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
