"""A station of two servers, of which one is not there at first; prints as JSON what a session makes of it.

In a process of its own: a Channel Access library reads once where servers are.
"""

import json
import os
import sys
from pathlib import Path

from ioc_sim.launch import Simulation, environment
from ioc_sim.sockets import bind_pair


def attempt(session, plan):
    """Run a plan; return ``done`` or what it was refused for."""
    from daq.engine import execute
    from daq.errors import innermost

    try:
        return "done " + str(execute(session.engine, plan).num_points)
    except Exception as error:
        return f"{type(error).__name__}: {innermost(error)}"


def main() -> None:
    """Bring the station up without the second server, start that, and try again."""
    config, data = Path(sys.argv[1]), Path(sys.argv[2])
    spare = bind_pair(0)
    port = spare[0].getsockname()[1]
    for one in spare:
        one.close()
    found: dict[str, object] = {"said": []}
    with Simulation("here", config=config, time_scale=100.0, seed=1) as here:
        os.environ.update(environment({**here.ports, "ring": port}))
        from bluesky.plan_stubs import mv
        from bluesky.plans import count

        from daq import plan_call
        from daq.session import open_session
        from devices.errors import NotPermitted

        with open_session("whole", config=config, data=data, say=found["said"].append, allow_simulated=True) as session:
            found["absent"] = session.absent

            def run(name, *words):
                plan, args, kwargs = plan_call.call(name, list(words), session.tree)
                return attempt(session, plan(*args, **kwargs))

            session.tree.supplement.baseline.extend([session.tree.far, session.tree.near])
            found["not needed"] = run("scan", "near", "0", "1", "num=2")
            found["needed"] = run("scan", "far", "0", "1", "num=2")
            far, near = session.tree.far, session.tree.near
            found["read"] = attempt(session, count([far]))  # a bare generator: checked as its messages come
            found["blind"] = attempt(session, mv(near, 6))
            with Simulation("there", config=config, time_scale=100.0, seed=1, port=port):
                for signal in far.signals():
                    signal.wait_for_connection(timeout=20)
                found["back"] = run("scan", "far", "0", "1", "num=2")
                found["absent then"] = session.tree.absent()
                found["far out"] = attempt(session, mv(near, 6))
                try:
                    near.set(6)
                except NotPermitted as error:
                    found["by hand"] = str(error)
                found["in order"] = run("mv", "far", "0", "near", "1")
                found["then beyond"] = run("mv", "near", "6")
                found["back out"] = run("mv", "far", "1")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
