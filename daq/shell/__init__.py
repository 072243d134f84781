"""The shell: commands in the manner of SPEC over the session's plans, and what is seen of a run while it goes on.

`Desk` puts it together on a session; `terasu shell` and notebooks use it.
"""

from daq.shell.desk import Desk

__all__ = ["Desk"]
