"""What a command prints: its report to standard output, what the user has to know besides to standard error."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Write one line of the report."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def remark(line: str) -> None:
    """Write one line that is no part of the report."""
    sys.stderr.write(f"terasu: {line}\n")
    sys.stderr.flush()
