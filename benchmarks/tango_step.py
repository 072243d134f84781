"""The chain's step scan with axis and counter on Tango, journal and catalogue, in a process of its own.

``python -m benchmarks.tango_step DIRECTORY`` prints ``ready``; for each line of standard input it scans, and prints the
seconds. A process looks for the servers' addresses once: it cannot be that of the scan over Channel Access.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.image_latency import Lines


class TangoStep:
    """The process that scans.

    Parameters
    ----------
    directory : Path
        For its configuration and its data.
    """

    def __init__(self, directory: Path) -> None:
        own = directory / "tango-step"
        own.mkdir()
        self._lines = Lines("benchmarks.tango_step", str(own))

    def __call__(self) -> float:
        """Return the seconds of one scan."""
        return float(self._lines.ask("scan"))

    def close(self) -> None:
        """End it."""
        self._lines.close()


def main() -> None:
    """Scan for each line."""
    from benchmarks.step_scan import Chain

    chain = Chain(Path(sys.argv[1]), tango=True)
    try:
        print("ready", flush=True)
        for _ in sys.stdin:
            print(chain.lean_scan(), flush=True)
    finally:
        chain.close()


if __name__ == "__main__":
    main()
