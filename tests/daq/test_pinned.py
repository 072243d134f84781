"""`--sim` stands in for servers that clients are told where to find, and for no others."""

import pytest

from beam import facts
from daq.errors import Refused
from daq.pinned import check_pinned

GAP = '[devices.undulator.gap]\nname = "bl09u/id/1"\nprefix = "BL09U:ID:"'


def beamline(config, address):
    path = config / "bl09u.toml"
    text = path.read_text()
    assert GAP in text
    path.write_text(text.replace(GAP, GAP.replace('prefix = "BL09U:ID:"', f'tango = "{address}"')))
    return facts.load("bl09u", config)


def test_a_device_of_whichever_database_is_asked_can_be_simulated(config_copy):
    check_pinned(*beamline(config_copy, "bl09u/id/1"))


@pytest.mark.parametrize("address", ["tango://host:10000/bl09u/id/1", "tango://127.0.0.1:1234/bl09u/id/1#dbase=no"])
def test_a_device_that_names_its_server_cannot(config_copy, address):
    with pytest.raises(Refused, match=rf"{address} .*--sim"):
        check_pinned(*beamline(config_copy, address))
