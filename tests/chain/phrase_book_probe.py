"""Types lines into a session at the simulated beamline, as its shell would take them; says what became of each."""

import contextlib
import json
import sys
from pathlib import Path

from daq.commands.shell import names
from daq.options import SimOptions
from daq.session import open_session


def main():
    lines, data = json.loads(sys.argv[1]), Path(sys.argv[2])
    answers = {"tweak": "q"}
    said = {}
    current = [""]
    options = SimOptions("bl09u", clock="live", time_scale=100.0, seed=7)
    with (
        contextlib.redirect_stdout(sys.stderr),
        open_session("bl09u", simulate=options, data=data, holds="shell") as session,
    ):
        # the control layer is imported only now that the servers' addresses are known
        from daq.shell import Desk
        from daq.shell.commands import Commands
        from daq.shell.screen import Screen
        from daq.shell.words import RUN, transformer

        desk = Desk(session, Screen(), ask=lambda _: answers.get(current[0].split()[0], "y"), plot="none")
        commands = Commands(desk)
        known = names(session, commands)
        known[RUN] = commands.line
        commands.variables = known
        transform = transformer(commands.is_command)
        for line in lines:
            current[0] = line
            try:
                exec("".join(transform([f"{line}\n"])), known)
                said[line] = "ok"
            except Exception as error:
                said[line] = f"{type(error).__name__}: {error}"
    print(json.dumps(said))


if __name__ == "__main__":
    main()
