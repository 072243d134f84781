"""A session with its own export: prints where that is, runs a plan for each line of input, and says how it ended."""

import json
import sys
from pathlib import Path

from daq.options import SimOptions
from daq.session import open_session


def main(data: Path) -> None:
    options = SimOptions("bl09u", time_scale=10.0, seed=1, sample="none")
    with open_session("bl09u", simulate=options, data=data) as session:
        from bluesky.plans import count

        from daq.engine import execute
        from daq.errors import RunNotSuccessful
        from daq.tango_export.rights import Rights
        from daq.tango_export.server import serve

        with serve(session, rights=Rights()) as server:
            print(server.host, flush=True)
            for _ in sys.stdin:
                try:
                    outcome = execute(session.engine, count([session.tree.ring], num=40, delay=0.5))
                except RunNotSuccessful as error:
                    outcome = error.outcome
                print(json.dumps([outcome.exit_status, outcome.num_points, outcome.uids[-1]]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
