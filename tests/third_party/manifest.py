"""What a suite must come to, and where a run of it differs: pure, so that it can be tested itself."""

import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MANIFEST = Path(__file__).with_name("manifest.toml")


@dataclass(frozen=True)
class Suite:
    """Some of a package's own tests.

    `redirect` maps a fixture of the suite to the addresses that it gives instead of starting a server of its own.
    `fails` gives, test by test, the reason why a test must fail on a true device; `skips` why one is left out here.
    `writes_below` is the directory that the tests expect simulated detectors to write below.
    """

    package: str
    version: str
    folder: str
    files: list[str]
    passed: list[str]
    bench: str
    arguments: list[str] = field(default_factory=list)
    redirect: dict[str, dict[str, str]] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    skips: dict[str, str] = field(default_factory=dict)
    writes_below: str | None = None


def suites(path: Path = MANIFEST) -> dict[str, Suite]:
    """Read the manifest."""
    return {name: Suite(**table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def outcomes(report: str) -> dict[str, str]:
    """Return how each test ended, ``passed``, ``skipped``, ``failed`` or ``error``, from pytest's JUnit report."""
    ended: dict[str, str] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        tags = {one.tag for one in case}
        worst = next((word for tag, word in WORDS.items() if tag in tags), "passed")
        name = f"{case.get('classname')}::{case.get('name')}"
        # a test whose tear-down fails is reported twice
        ended[name] = worst if worst != "passed" else ended.get(name, worst)
    return ended


WORDS = {"error": "error", "failure": "failed", "skipped": "skipped"}


def differences(
    expected: Sequence[str], ended: Mapping[str, str], fails: Collection[str] = (), skips: Collection[str] = ()
) -> list[str]:
    """Return a line for every test that is not as the manifest says: each one listed passes, `fails` or is skipped."""
    lines = [f"{name}: not collected" for name in (*expected, *fails, *skips) if name not in ended]
    for name, how in ended.items():
        if name in fails:
            lines.extend([f"{name}: {how}, although no true device could pass it"] if how != "failed" else [])
        elif name in skips:
            lines.extend([f"{name}: {how}, although it cannot be run here"] if how != "skipped" else [])
        elif how != "passed":
            lines.append(f"{name}: {how}")
        elif name not in expected:
            lines.append(f"{name}: passed, but the manifest does not list it")
    listed = Counter([*expected, *fails, *skips])
    lines.extend(f"{name}: listed {times} times" for name, times in listed.items() if times > 1)
    return lines


def survivors(ended: Mapping[str, str]) -> list[str]:
    """Return the tests that do not fail although their server is gone: those prove nothing about it."""
    return [name for name, how in ended.items() if how not in ("failed", "error")]


def summary(ended: Mapping[str, str]) -> str:
    """Count how the tests ended, in one line."""
    count = Counter(ended.values())
    failed = count["failed"] + count["error"]
    return f"{len(ended)} collected, {count['passed']} passed, {count['skipped']} skipped, {failed} failed"
