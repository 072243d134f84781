"""Every line of the SPEC user's phrase book can be typed as it stands."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest

from daq import cli
from daq.plan_call import known_plans
from daq.shell.commands import Commands
from tests.harness import ROOT

PAGE = ROOT / "docs/tutorials/spec-phrase-book.md"
NOT_TYPED = ("(nothing)", "Ctrl-C")


def phrases():
    """Return what stands in the second column of the tables."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("|")]
    cells = [
        row[2].strip() for row in rows if not set(row[1].strip()) <= {"-"} and not row[2].strip().startswith("here")
    ]
    assert len(cells) > 35
    lines = []
    for cell in cells:
        if cell in NOT_TYPED:
            continue
        found = re.fullmatch(r"`([^`]+)`", cell)
        assert found, cell
        lines.append(found[1])
    return lines


def test_its_commands_exist():
    own = {name for name in vars(Commands) if not name.startswith("_")} | {"cen", "com", "peak", "energy"}
    for line in phrases():
        head = line.split()[0]
        if head in ("terasu", "!terasu"):
            cli.parser().parse_args(shlex.split(line)[1:])
        elif "(" not in head:
            assert head in own or head in known_plans(), line


@pytest.mark.full
def test_each_line_does_something_at_the_simulated_beamline(tmp_path):
    lines = [one for one in phrases() if "terasu " not in one]
    assert len(lines) > 25
    done = subprocess.run(
        [sys.executable, "-m", "tests.chain.phrase_book_probe", json.dumps(lines), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    from daq.catalogue import stop_catalogue

    stop_catalogue(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said.keys() == set(lines)
    assert {line: what for line, what in said.items() if what != "ok"} == {}
