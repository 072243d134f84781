"""A beamline's page and its configuration name the same devices, of the same kinds."""

import pytest

import beamlines
from beam import facts
from beam.errors import ConfigError, UnknownName
from beamlines.tree import Tree
from devices import EnergyAxis, PolarisationAxis, RingStatus, Shutter, Undulator
from devices.build import CLASSES
from plans.roles import Role
from tests.devices.fake_server import FakeServer

ADDED = {
    "energy": EnergyAxis,
    "polarisation": PolarisationAxis,
    "ring": RingStatus,
}  # not of the beamline's own configuration


def all_beamlines():
    return facts.load_facility().beamlines


@pytest.mark.parametrize("name", all_beamlines())
def test_page_names_what_the_configuration_names(name):
    _, beamline = facts.load(name)
    page = beamlines.page_of(name).page()
    configured = {key: CLASSES[type(device)] for key, device in beamline.devices.items()}
    assert page == configured | {key: cls for key, cls in ADDED.items() if key in page}


@pytest.mark.parametrize("name", all_beamlines())
def test_roles_are_devices(name):
    tree = beamlines.load(name, transport=FakeServer())
    devices = set(tree.devices.values())
    for role, filled in tree.roles.items():
        for device in filled if isinstance(filled, list) else [filled]:
            assert device in devices, role


def test_every_kind_has_a_class_and_the_other_way_round():
    from typing import get_args

    kinds = set(get_args(get_args(facts.Device)[0]))
    assert kinds == set(CLASSES)


@pytest.mark.parametrize("beamline", all_beamlines())
def test_plans_ask_for_roles_that_the_beamline_has(beamline):
    from typing import get_type_hints

    import plans

    tree = beamlines.load(beamline, transport=FakeServer())
    for name in ("energy_scan", "xas"):
        asked = {
            note.name: hint.__origin__
            for hint in get_type_hints(getattr(plans, name), include_extras=True).values()
            for note in getattr(hint, "__metadata__", ())
            if isinstance(note, Role)
        }
        assert set(asked) <= set(tree.roles)
        for role, cls in asked.items():
            if isinstance(cls, type):
                assert isinstance(tree.roles[role], cls)


def test_page_without_a_device_is_refused(the_facts):
    class Less(Tree):
        undulator: Undulator

    with pytest.raises(ConfigError, match="only in the configuration"):
        Less(*the_facts, FakeServer())


def test_page_with_another_class_is_refused(the_facts):
    class Wrong(beamlines.page_of("bl09u")):
        undulator: Shutter

    with pytest.raises(ConfigError, match="the page says Shutter, the configuration makes a Undulator"):
        Wrong(*the_facts, FakeServer())


def test_unknown_beamline_names_those_there_are():
    with pytest.raises(UnknownName, match="bl09u"):
        beamlines.load("bl90u", transport=FakeServer())


def test_devices_are_found_by_what_people_type():
    tree = beamlines.load("bl09u", transport=FakeServer())
    assert tree.find("energy") is tree.energy
    assert tree.find("dcm.bragg") is tree.dcm.bragg
    assert tree.find("dcm_bragg") is tree.dcm.bragg
    assert tree.find("undulator.gap.velocity") is tree.undulator.gap.velocity
    for text in ("nothing", "dcm.nothing", "dcm._signals", "Fe K", ""):
        assert tree.find(text) is None
