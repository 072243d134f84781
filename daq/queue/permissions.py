"""What clients of the queue may do, as the manager reads it: every plan and device of the station, one function."""

from __future__ import annotations

from pathlib import Path

TEXT = """\
# Written by `terasu queue up`; changes are lost.
user_groups:
  root:  # limits all other groups
    allowed_plans: [null]
    forbidden_plans: [":^_"]
    allowed_devices: [null]
    forbidden_devices: [":^_:?.*"]
    allowed_functions: ["look_ahead"]
    forbidden_functions: [":^_"]
  primary:
    allowed_plans: [":.*"]
    forbidden_plans: [null]
    allowed_devices: [":?.*"]
    forbidden_devices: [null]
    allowed_functions: ["look_ahead"]
    forbidden_functions: [null]
"""


def write_permissions(path: Path) -> None:
    """Write the file that the manager reads when it starts."""
    path.write_text(TEXT)
