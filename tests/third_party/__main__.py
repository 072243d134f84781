"""`make third-party`: run other projects' own tests, as they are installed, against our servers.

Exit status 0 if every suite comes to what the manifest says and, where its addresses were redirected, fails once our
server is stopped.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ioc_sim.launch import Simulation
from tests.third_party.manifest import Suite, differences, outcomes, suites, summary, survivors
from tests.third_party.redirect import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 900
TEST_LIMIT_S = 120
TRIES = 3
"""Of a run that the system ends: ophyd may release a channel while another of its threads reads it in libca."""
MARKERS = "motorsim: needs motors\nadsim: needs cameras"


def main() -> int:
    """Run the suites and compare."""
    parser = argparse.ArgumentParser(prog="make third-party", description=__doc__)
    parser.add_argument("--show", action="store_true", help="print how every test ended, and what pytest said")
    show = parser.parse_args().show
    wrong: list[str] = []
    for name, suite in suites().items():
        say(f"{name}: {suite.package} {suite.version}, {', '.join(suite.files)}")
        lines = check(suite, show)
        for line in lines:
            say(f"  NOT AS LISTED {line}")
        wrong.extend(lines)
    say("all as in the manifest" if not wrong else f"{len(wrong)} differences from the manifest")
    return 1 if wrong else 0


def check(suite: Suite, show: bool) -> list[str]:
    """Run one suite with our server and, if it is redirected, without; return what is not as it should be."""
    installed = importlib.metadata.version(suite.package)
    lines = [] if installed == suite.version else [f"{suite.package} {installed} is installed"]
    files = Path(suite.writes_below) if suite.writes_below else None
    with Simulation(suite.bench, clock="live", seed=1, files=files) as simulation:
        ended = run(suite, simulation.environment, show)
        simulation.check()
        environment = dict(simulation.environment)
    must_fail = f", and {len(suite.fails)} that must fail" if suite.fails else ""
    left_out = f", and {len(suite.skips)} that cannot be run" if suite.skips else ""
    say(f"  {summary(ended)}; the manifest lists {len(suite.passed)}{must_fail}{left_out}")
    lines += differences(suite.passed, ended, suite.fails, suite.skips)
    if suite.redirect:
        ended = run(suite, environment, show)
        say(f"  server stopped: {summary(ended)}")
        lines += [f"{name}: does not fail without our server" for name in survivors(ended)]
        lines += [] if ended else ["nothing was collected without our server"]
    return lines


def run(suite: Suite, addresses: dict[str, str], show: bool) -> dict[str, str]:
    """Run a suite's tests in a process of their own, as they are installed; return how each one ended."""
    for number in range(1, TRIES + 1):
        ended, signal = run_once(suite, addresses, show)
        if not signal:
            break
        say(f"  try {number} of {TRIES}: the process that ran the tests was ended by signal {signal}")
    return ended


def run_once(suite: Suite, addresses: dict[str, str], show: bool) -> tuple[dict[str, str], int]:
    """Run a suite's tests; return how each one ended, and by what signal the process did, 0 if by none."""
    found = importlib.util.find_spec(suite.package)
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / suite.folder
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("EPICS_", "PYTEST_", "OPHYD_"))}
    plugin = ["-p", "tests.third_party.redirect"] if suite.redirect else []
    with tempfile.TemporaryDirectory(prefix="terasu-third-party-") as directory:
        report = Path(directory) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", "-p", "no:cacheprovider"]
        command += [*plugin, "-o", f"markers={MARKERS}", f"--timeout={TEST_LIMIT_S}", "--tb=short", "-q"]
        command += [f"--junitxml={report}", *suite.arguments, *(str(folder / file) for file in suite.files)]
        done = subprocess.run(
            command,
            cwd=directory,
            env=clean | addresses | {"PYTHONPATH": str(ROOT), VARIABLE: json.dumps(suite.redirect)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        ended = outcomes(report.read_text(encoding="utf-8")) if report.is_file() else {}
    if show or not ended:
        say(done.stdout)
        for name, how in ended.items():
            say(f"    {how} {name}")
    return ended, max(-done.returncode, 0)


def say(line: str) -> None:
    """Write one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
