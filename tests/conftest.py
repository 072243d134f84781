"""Every test runs on loopback, whatever the shell it was started from says."""

import os

import pytest
from hypothesis import settings

pytest_plugins = ["tests.harness"]

settings.register_profile("terasu", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("terasu")

# Before any client library is imported: no test may ever reach a real control system.
for _name in [name for name in os.environ if name.startswith(("EPICS_", "TANGO_", "TILED_"))]:
    del os.environ[_name]
os.environ.update(
    EPICS_CA_ADDR_LIST="127.0.0.1",
    EPICS_CA_AUTO_ADDR_LIST="NO",
    EPICS_CAS_INTF_ADDR_LIST="127.0.0.1",
    EPICS_CAS_BEACON_ADDR_LIST="127.0.0.1",
    EPICS_CAS_AUTO_BEACON_ADDR_LIST="NO",
    TANGO_HOST="127.0.0.1:1",
    MPLBACKEND="Agg",
)


def pytest_addoption(parser):
    """`--order shuffled`: the servers deliver put completions ahead of the monitors they follow, as a real one may."""
    parser.addoption("--order", choices=("ordered", "shuffled"), default="ordered")


@pytest.fixture(autouse=True)
def _own_data_dir(tmp_path, monkeypatch):
    """No test writes into the data directory of whoever runs it."""
    monkeypatch.setenv("TERASU_DATA", str(tmp_path / "terasu-data"))
