"""What the queue's worker works with: a session at the station, as a module that the manager imports in that process.

It holds the station's devices by name, its plans as they are offered, the engine `RE` of an ordinary session (journal,
guard, integrity, and the check of each plan before its first message), and `look_ahead`, by which clients learn
beforehand what that check would say.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from beam.access import Access
from beam.errors import TerasuError
from daq.foresight import Foresight
from daq.queue.actions import Actions
from daq.queue.gate import Gate
from daq.queue.offer import offers
from daq.queue.offer_resume import resume_offer
from daq.queue.place import VARIABLE, Place
from daq.session import Session, open_session

POLL_S = 0.02

_stack = contextlib.ExitStack()


def _setup() -> tuple[dict[str, Any], Place]:
    setup = json.loads(Path(os.environ[VARIABLE]).read_text())
    return setup, Place(setup["station"], Path(setup["data"]))


def _open() -> Session:
    """Open the session that the queue was set up for."""
    setup, place = _setup()
    pause = threading.Event()
    while not place.served.exists():  # or else this process is ended
        pause.wait(POLL_S)
    try:
        session = _begin(setup)
    except TerasuError as error:
        place.refusal.write_text(str(error))
        raise
    place.refusal.unlink(missing_ok=True)
    session.engine.subscribe(_Catalogue(session.data_dir))
    return session


def _begin(setup: dict[str, Any]) -> Session:
    return _stack.enter_context(
        open_session(
            setup["station"],
            config=Path(setup["config"]) if setup["config"] else None,
            data=Path(setup["data"]),
            proposal=setup["proposal"],
            operator=setup["operator"],
            allow_simulated=setup["allow_simulated"],
            process=f"queue-{setup['station']}-worker",
            holds="queue",
            say=_say,
        )
    )


def _gate(session: Session) -> Gate:
    """Let no plan begin that its sender may not run, or that has to be approved first."""
    setup, place = _setup()
    made = Gate(Access.model_validate(setup["access"]), Actions(place.kept), session.tree, setup["owner"])
    foresight = next(one for one in session.engine.preprocessors if isinstance(one, Foresight))
    foresight.rules.append(made)
    return made


def close() -> None:
    """Close the session; called by the worker when it ends."""
    _stack.close()


class _Catalogue:
    """Sees to it at the start of each run that the catalogue takes it in; a document callback."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __call__(self, name: str, doc: Any) -> None:
        from daq.catalogue import ensure_catalogue

        if name == "start":

            def ensure() -> None:
                with contextlib.suppress(TerasuError):  # the journal has the run; whoever reads starts it again
                    ensure_catalogue(self._data, wait=False)

            threading.Thread(target=ensure, name="catalogue", daemon=True).start()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


session = _open()
gate = _gate(session)
RE = session.engine
_offered = {**offers(session.tree), "resume": resume_offer(session)}
globals().update(session.tree.devices)
globals().update(_offered)


def look_ahead(items: list[dict[str, Any]], user: str = "") -> list[dict[str, Any]]:
    """Walk each item's plan without moving anything; say what it would do, or why it would be refused to a user."""
    from epics import ca

    ca.use_initial_context()  # this runs in a thread of its own, beside the plan that runs
    return [_foreseen(one, user) for one in items]


def _foreseen(item: dict[str, Any], user: str) -> dict[str, Any]:
    plan = _offered.get(item["name"])
    if plan is None:
        return {"error": f"{item['name']} is not offered at this station"}
    try:
        args, kwargs = item.get("args", ()), item.get("kwargs", {})
        if item["name"] == "resume":  # the others say it themselves
            inspect.signature(plan).bind(*args, **kwargs)
        made = plan(*args, **kwargs)
        seen = made.check(later=True)
        approval = gate.foreseen(item["name"], user, made, seen)
    except TerasuError as error:
        return {"error": str(error)}
    except TypeError as error:
        return {"error": f"{item['name']}: {error}"}
    return {
        "forecast": json.loads(json.dumps(seen.record(), default=str)),
        "lines": seen.lines(),
        "approval": approval,
    }
