"""Frames that wait to be written, in device time: which of them find no place, and when the last one is on disk.

A writer takes a while for each frame; `places` more can wait. A frame that comes while all places are taken is dropped.
All of it follows from the times in the experiment: how fast this machine's disk is, or the time scale, drops nothing.
"""

from __future__ import annotations

from collections import deque


class WriteQueue:
    """The queue of one acquisition; times are device seconds since its start.

    Parameters
    ----------
    places : int
        How many frames can wait while one is being written.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._begins: deque[float] = deque()
        self.idle_s = 0.0
        """When the last frame that was taken will be on disk."""

    def offer(self, at_s: float, write_s: float) -> bool:
        """Take a frame that is there at a time and needs so long to be written; False if it is dropped."""
        while self._begins and self._begins[0] <= at_s:
            self._begins.popleft()
        if len(self._begins) >= self._places:
            return False
        begin = max(at_s, self.idle_s)
        self._begins.append(begin)
        self.idle_s = begin + write_s
        return True
