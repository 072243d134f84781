"""Going on with an interrupted scan, as something that can be queued."""

from __future__ import annotations

from typing import Any

from daq import paths
from daq.check_plan import MadePlan
from daq.resume import resuming
from daq.session import Session


def resume_offer(session: Session) -> Any:
    """Return the plan ``resume`` of a session's station, as `daq.queue.offer` makes those of others."""

    def resume(uid: str) -> MadePlan:
        """Go on with an interrupted scan from its last completed point, as a new run that names the first.

        Parameters
        ----------
        uid
            Of the run that was interrupted, or any unambiguous beginning of it.
        """
        journals = paths.journal_dir(session.data_dir)
        return resuming(uid, session.tree, journals, simulated=session.clock.simulated)

    published: Any = resume
    published._is_plan_ = True
    return published
