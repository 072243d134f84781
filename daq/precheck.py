"""Looks through a plan before anything moves: does every place it goes to exist?"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from daq.errors import Refused, UsageError, innermost
from daq.forecast import Forecast

MOST_MESSAGES = 200_000


def precheck(plan: Generator[Any, Any, Any]) -> Forecast:
    """Walk a freshly built `plan` without executing it and refuse what the devices refuse.

    Parameters
    ----------
    plan
        A generator made for this check: a generator can be walked only once.

    Returns
    -------
    daq.forecast.Forecast
        What it would do, and whether that was the whole plan. A plan that decides by what it measures cannot be
        walked to its end: nothing answers it here.

    Raises
    ------
    Refused
        The first move that its device refuses, in the device's own words.
    UsageError
        The plan cannot even begin with its arguments.
    """
    seen = Forecast()
    try:
        for msg in plan:
            if msg.command == "set" and hasattr(msg.obj, "check_value"):
                try:
                    msg.obj.check_value(*msg.args)
                except Exception as error:
                    raise Refused(str(innermost(error))) from error
            seen.see(msg)
            if seen.messages >= MOST_MESSAGES:
                return seen
    except Refused:
        raise
    except Exception as error:
        from beam.errors import TerasuError

        if isinstance(cause := innermost(error), TerasuError):
            raise Refused(str(cause)) from error
        if not seen.messages:  # nothing was asked yet: it can only be what the plan was given
            raise UsageError(f"{getattr(plan, '__name__', 'the plan')}: {cause}") from error
        return seen  # it wanted an answer that only a measurement gives
    finally:
        plan.close()
    seen.whole = True
    return seen
