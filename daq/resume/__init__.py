"""Going on with a scan that was interrupted, from its last completed point, as a new run that names the first.

The plan is made again of what its run recorded, and walked without moving anything; the messages of the points that
are there already are left out, each device is brought where they had left it, and the rest is run.
"""

from daq.resume.interrupted import Interrupted, interrupted, whole_uid
from daq.resume.resuming import resuming

__all__ = ["Interrupted", "interrupted", "resuming", "whole_uid"]
