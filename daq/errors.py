"""What the engine and the command line can report, and the exit status each stands for."""

from __future__ import annotations

from typing import Any

from beam.errors import TerasuError

SUCCESS = 0
USAGE = 2
REFUSED = 3
FAILED = 4
ABORTED = 130


class UsageError(TerasuError):
    """The command line or the call asks for something that does not exist or does not fit."""


class Refused(TerasuError):
    """Refused before anything moved."""


class RunNotSuccessful(TerasuError):
    """A run that was started and did not succeed; `outcome` tells what was kept of it."""

    def __init__(self, message: str, outcome: Any = None) -> None:
        super().__init__(message)
        self.outcome = outcome


class RunFailed(RunNotSuccessful):
    """A run in which something went wrong."""


class RunAborted(RunNotSuccessful):
    """A run that somebody ended before its time."""


class DataError(TerasuError):
    """A run that cannot be found, read or exported."""


def exit_status(error: BaseException) -> int:
    """Return the exit status of the command that ended with `error`."""
    if isinstance(error, RunAborted | KeyboardInterrupt):
        return ABORTED
    if isinstance(error, UsageError):
        return USAGE
    if isinstance(error, RunFailed | DataError):
        return FAILED
    if isinstance(error, TerasuError):
        return REFUSED
    return FAILED


def innermost(error: BaseException) -> BaseException:
    """Return the TerasuError that caused `error`, or the first cause there is."""
    seen: set[int] = set()
    one: BaseException | None = error
    last = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        if isinstance(one, TerasuError):
            return one
        last = one
        one = one.__cause__ or one.__context__
    return last


def interrupted(error: BaseException) -> bool:
    """Return whether Ctrl-C or SIGTERM is behind `error`: an import that it hits may wrap it into something else."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        if isinstance(one, KeyboardInterrupt):
            return True
        seen.add(id(one))
        one = one.__cause__ or one.__context__
    return False


def story(error: BaseException) -> str:
    """Return in one line what went wrong first and, where its clean-up failed too, what then."""
    told: list[str] = []
    seen: set[int] = set()

    def visit(one: BaseException | None) -> None:
        if one is None or id(one) in seen:
            return
        seen.add(id(one))
        visit(one.__context__)  # what was being handled came before what caused this
        visit(one.__cause__)
        if isinstance(one, TerasuError) and str(one) not in told:
            told.append(str(one))

    visit(error)
    return "; then ".join(told) or str(innermost(error)) or type(innermost(error)).__name__
