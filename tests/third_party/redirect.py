"""A pytest plugin that changes addresses only: fixtures that would start a server of the suite's own give ours instead.

Which fixtures, and the addresses that they give in `pvs`, come from the manifest.
"""

import json
import os
from types import SimpleNamespace

import pytest

VARIABLE = "TERASU_THIRD_PARTY_ADDRESSES"


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    """Give the addresses; all other fixtures are set up as ever."""
    pvs = json.loads(os.environ[VARIABLE]).get(fixturedef.argname)
    if pvs is None:
        return None
    given = SimpleNamespace(name=fixturedef.argname, process=None, prefix="", pvs=pvs, type="caproto")
    fixturedef.cached_result = (given, fixturedef.cache_key(request), None)
    return given
