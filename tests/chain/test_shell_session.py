"""`terasu shell bl09u --sim` in a terminal, with the lines of its own banner and of the README."""

import os
import re
import sys

import pexpect
import pytest

PROMPT = r"In \[\d+\]:"
ESCAPES = re.compile(r"\x1b\[[?>=]?[\d;]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b[=>]")


class Terminal:
    """Types lines, and waits for what is to come."""

    def __init__(self, data) -> None:
        command = ["-m", "daq.cli", "shell", "bl09u", "--sim", "--seed", "7", "--time-scale", "50", "--data", str(data)]
        environment = dict(
            os.environ,
            TERM="xterm",
            IPY_TEST_SIMPLE_PROMPT="1",
            IPYTHONDIR=str(data / "ipython"),
            SSH_CONNECTION="from afar",
        )
        self.child = pexpect.spawn(
            sys.executable, command, env=environment, encoding="utf-8", timeout=40, dimensions=(40, 110)
        )
        self.child.expect(PROMPT)

    def type(self, line, *expected):
        """Type one line; return what is shown up to the last thing expected, by default the prompt."""
        self.child.sendline(line)
        shown = ""
        for one in expected or (PROMPT,):
            self.child.expect(one)
            shown += self.child.before + self.child.after
        return ESCAPES.sub("", shown)

    def close(self):
        self.child.sendline("exit")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0


@pytest.mark.full
def test_an_hour_at_the_beamline(tmp_path):
    from daq.catalogue import stop_catalogue

    terminal = Terminal(tmp_path)
    try:
        assert re.search(r"energy +\d+\.\d+ +eV", terminal.type("wa", "ring  ", PROMPT))
        terminal.type("mv energy 7112", PROMPT)
        terminal.type("undo", r"energy  7112\.\d+ → ", r"\[y/N\] ")
        terminal.type("n", "nothing moved", PROMPT)
        terminal.type('save_position "sample A"', "saved 'sample A': energy 7112", PROMPT)
        terminal.type('note "first light"', "noted in ", PROMPT)
        terminal.type("mv front_end open shutter open", PROMPT)
        terminal.type("ascan energy 7100 7130 30 0.1", "success: 31 points", "integrity   complete", PROMPT)
        terminal.type('goto "sample A"', r"energy  7130\.\d+ → 7112", r"\[y/N\] ")
        terminal.type("y", PROMPT)
        terminal.type("RE(ascan(energy, 7100, 7130, 300, 10))", r" 2 +7100")
        terminal.child.sendintr()
        terminal.child.expect(r"paused, shutter closed; nothing moves")
        terminal.child.expect(r"\[r\]esume, \[s\]top here, \[a\]bort, \[p\]rompt\? ")
        terminal.type("a", "abort: [1-9]\\d* points", "the run has ended", PROMPT)
        terminal.type("mv energy 99999", "Si.111. reaches 2100 … 15000 eV", PROMPT)
        terminal.type("RE(count(num=2))", "success: 2 points", PROMPT)
        terminal.close()
    finally:
        terminal.child.close(force=True)
        stop_catalogue(tmp_path)
