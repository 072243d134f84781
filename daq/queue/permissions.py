"""What clients of the queue may do, as the manager reads it: the plans of each group, every device, one function.

Devices and ranges are held against the groups' rules by ours (`daq.queue.judge`), which the manager's own cannot say.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from beam.access import PRIMARY, Access, Group

FUNCTIONS = ["look_ahead"]


def permissions(access: Access) -> dict[str, Any]:
    """Return the manager's table of groups."""
    groups = {name: _of(group) for name, group in access.groups.items()}
    everybody = {
        "allowed_plans": [None],
        "forbidden_plans": [":^_"],
        "allowed_devices": [None],
        "forbidden_devices": [":^_:?.*"],
        "allowed_functions": FUNCTIONS,
        "forbidden_functions": [":^_"],
    }
    # what clients that know of no groups are shown; who they are decides what they may
    return {"user_groups": {"root": everybody, PRIMARY: groups[access.default_group], **groups}}


def _of(group: Group) -> dict[str, Any]:
    return {
        "allowed_plans": _expressions(group.plans),
        "forbidden_plans": _expressions(group.not_plans) or [None],
        "allowed_devices": [":?.*"],
        "forbidden_devices": [None],
        "allowed_functions": FUNCTIONS,
        "forbidden_functions": [None],
    }


def _expressions(patterns: list[str]) -> list[str]:
    # by hand: the manager cuts its expressions at colons, which `fnmatch.translate` makes
    return [":^" + re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") + "$" for one in patterns]


def write_permissions(path: Path, access: Access) -> None:
    """Write the file that the manager reads when it starts; JSON is YAML."""
    note = "# Written by `terasu queue up` from access.toml; changes are lost.\n"
    path.write_text(note + json.dumps(permissions(access), indent=1) + "\n")
