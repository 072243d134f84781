"""The HDF5 plugin of a camera beside plain h5py on the same disk; time and memory that a frame takes.

The server is a process of its own (`benchmarks.camera_server`); both write to new files that are removed at once.
"""

from __future__ import annotations

import socket
import time
from pathlib import Path

import h5py
import numpy as np
import psutil

from benchmarks.image_latency import Lines
from benchmarks.table import Row, interleave

FRAMES, SIDE = 60, 2048
"""Of a series of large frames: half a gigabyte."""
SMALL_FRAMES, SMALL_SIDE = 1000, 128
"""Of a series of small ones, which cost nothing but what each frame costs."""
MANY = 10_000
MB = 1e6


class CameraWriting:
    """A camera that streams a series to one file, in a server of its own.

    Parameters
    ----------
    directory : Path
        Where it writes.
    side : int
        Height and width of its frames.
    frames : int
        Of a series.
    """

    def __init__(self, directory: Path, side: int, frames: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.frames = frames
        self.server = Lines("benchmarks.camera_server", port, str(directory), str(side))
        self.client = Lines("benchmarks.camera_client", port)
        self.series(10)  # makes the pattern

    def series(self, frames: int) -> float:
        """Acquire and write a series; return seconds until the file is closed."""
        return float(self.client.ask(str(frames)))

    def __call__(self) -> float:
        """Return the seconds of one series."""
        return self.series(self.frames)

    def growth(self) -> float:
        """Return by how much (MB) the server grows while it writes ten thousand frames."""
        process = psutil.Process(self.server.process.pid)
        before = process.memory_info().rss
        self.series(MANY)
        return (process.memory_info().rss - before) / MB

    def close(self) -> None:
        """End server and client."""
        self.client.close()
        self.server.close()


class PlainWriting:
    """The same with h5py alone: each frame as one chunk, written directly."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "plain.h5"
        random = np.random.default_rng(1)
        self._pictures = [random.integers(0, 4000, (SIDE, SIDE)).astype(np.uint16) for _ in range(8)]

    def __call__(self) -> float:
        """Return the seconds of one file."""
        began = time.perf_counter()
        with h5py.File(self._path, "w") as file:
            chunk = (1, SIDE, SIDE)
            data = file.create_dataset("data", (0, SIDE, SIDE), np.uint16, maxshape=(None, SIDE, SIDE), chunks=chunk)
            for number in range(FRAMES):
                data.resize(number + 1, axis=0)
                data.id.write_direct_chunk((number, 0, 0), self._pictures[number % 8])
        seconds = time.perf_counter() - began
        self._path.unlink()
        return seconds


def camera_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure the rows of a camera."""
    large, small = CameraWriting(directory, SIDE, FRAMES), CameraWriting(directory, SMALL_SIDE, SMALL_FRAMES)
    plain = Row(f"{FRAMES} frames of 2048² uint16: plain h5py, direct chunks", PlainWriting(directory), absolute=True)
    ours = Row("the same by a camera's HDF1, over CA, to plain h5py", large, goal=1 / 0.7, against=plain)
    frame = Row(
        "a frame of a triggered series, 128², with HDF1", lambda: small() / SMALL_FRAMES, goal=0.003, absolute=True
    )
    memory = Row("growth of the server over 10 000 such frames", small.growth, goal=5.0, absolute=True, unit="MB")
    try:
        interleave([plain, ours, frame], rounds)
        interleave([memory], 1)
    finally:
        large.close()
        small.close()
    return [plain, ours, frame, memory]
