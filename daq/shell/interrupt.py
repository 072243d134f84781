"""What Ctrl-C leads to: a menu, as long as the run is paused.

=========  ===================================  =====================================================
state      input                                what happens
=========  ===================================  =====================================================
running    Ctrl-C                               paused, shutter closed (`daq.signals`); the menu
running    Ctrl-C twice                         aborted
menu       resume                               goes on; the next Ctrl-C leads here again
menu       stop                                 run closed as a success with the points it has
menu       abort, or Ctrl-C                     run closed as aborted, with the points it has
menu       prompt, or the end of the input      stays paused; the user has the prompt
menu       anything else                        asked again
=========  ===================================  =====================================================
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from bluesky.utils import RunEngineInterrupted

from beamlines import DeviceTree
from daq.shell.where import moving

QUESTION = "[r]esume, [s]top here, [a]bort, [p]rompt? "
KEPT = "paused: RE.resume(), RE.stop() or RE.abort() when you are ready"


def menu(engine: Any, tree: DeviceTree, say: Callable[[str], None], ask: Callable[[str], str]) -> None:
    """Ask what becomes of the paused run until it is decided."""
    while engine.state == "paused":
        shutter = tree.roles.get("shutter")
        closed = f", {shutter.name} {shutter.reported.lower()}" if shutter is not None else ""
        say(f"paused{closed}; " + (f"still moving: {', '.join(found)}" if (found := moving(tree)) else "nothing moves"))
        try:
            answer = ask(QUESTION).strip().lower()
        except KeyboardInterrupt:
            say("")
            answer = "abort"
        except EOFError:
            answer = "prompt"
        if not answer or not any(one.startswith(answer) for one in ("resume", "stop", "abort", "prompt")):
            say(f"{answer!r} is none of these" if answer else "one of these, please")
            continue
        if answer.startswith("p"):
            say(KEPT)
            return
        with contextlib.suppress(RunEngineInterrupted):
            {"r": engine.resume, "s": engine.stop, "a": engine.abort}[answer[0]]()
    say("the run has ended" if engine.state == "idle" else f"the engine is {engine.state}")
