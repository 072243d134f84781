"""Every Tango signal that a device may ask for is shown, as what the device takes it for. No network."""

import re
import tomllib
from pathlib import Path
from typing import ClassVar

import caproto as ca
import pytest

from beam import facts
from beam.clock import ExperimentClock
from beam.line import Line
from beam.sample import load_sample
from beam.soft_line import SoftLine
from beam.xmcd import NoFilm
from devices import Counter, Flyer, IonChamber, MotorAxis, RingStatus, Shutter, Undulator
from devices.signals import Attr
from devices.tango_names import COUNTS, NAMES, START, STATE, STOP, Part
from devices.undulator import GapAxis, RowAxis
from ioc_sim.beamline import BeamlineGroup
from ioc_sim.groups.ring import RingGroup
from ioc_sim.identity import Identity
from ioc_sim.station import Station
from ioc_sim.tango_devices import ring
from ioc_sim.timing import Timeline
from tests.devices.fake_server import FakeServer

OF_EVERY_DEVICE = {STATE, "Status"}
OTHERS = ("counter", "i0", "it", "front_end", "shutter", "flyer")
HIDDEN = ("BL09U:ID:", "BL09U:DCM:", "BL09U:SC1", "BL09U:I0:", "BL09U:IT:", "BL09U:FE:", "BL09U:STN:", "BL09U:FLY:")


def gate_unit(beamline, **more):
    """Return the class of a beamline's flyer, which has tables for its axes, or for more of them."""
    devices, server = facts.load(beamline)[1].devices, FakeServer()
    unit = devices["flyer"].model_copy(update=more)
    axis = MotorAxis(facts.load("bl09u")[1].devices["dcm"].pitch, name="axis", transport=server)
    return type(Flyer.of(unit, dict.fromkeys(unit.axes, axis), name="flyer", transport=server))


class Shows:
    """Which kinds of device each Tango class stands for."""

    KINDS: ClassVar = {
        "StorageRing": (RingStatus,),
        "Undulator": (Undulator, GapAxis),
        "UndulatorAxis": (RowAxis,),
        "MotionAxis": (MotorAxis,),
        "Counter": (Counter,),
        "CurrentAmplifier": (IonChamber,),
        "Shutter": (Shutter,),
        "GateUnit": (gate_unit("bl09u"),),
    }


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    directory = tmp_path_factory.mktemp("config")
    (directory / "facility.toml").write_text(f'extends = "{facts.config_dir() / "mixed"}"\n')
    axes = "".join(
        f'[devices.dcm.{key}]\ntango = "bl09u/dcm/{key}"\n' for key in ("bragg", "perp", "pitch", "exchange")
    )
    axes += "".join(f'[devices.{name}]\ntango = "bl09u/{name}/1"\n' for name in OTHERS)
    (directory / "bl09u.toml").write_text(axes)
    facility, beamline = facts.load("bl09u", directory)
    clock, identity = ExperimentClock(), Identity()
    line = Line(facility, beamline, load_sample("none", Path()), seed=1, clock=clock)
    group = BeamlineGroup(identity, Station(beamline, line, Timeline(clock)), "none", lambda _: line.sample)
    assert not [pv for pv in group.channels if pv.startswith(HIDDEN)]
    return [*group.faces, *soft_faces(), ring.face(facility.ring, RingGroup(facility.ring, identity))]


def soft_faces():
    """Return the faces of an elliptical undulator and a grating monochromator."""
    text = (facts.config_dir() / "bl13u.toml").read_text()
    text = re.sub(r'name = "(bl13u/(?:id|pgm|stage)/.*)"\nprefix = ".*"', r'name = "\1"\ntango = "\1"', text)
    facility, beamline = facts.load_facility(), facts.validate(facts.Beamline, tomllib.loads(text), Path("bl13u"))
    clock = ExperimentClock()
    line = SoftLine(facility, beamline, NoFilm(), seed=1, clock=clock)
    group = BeamlineGroup(Identity(), Station(beamline, line, Timeline(clock)), "none", lambda _: line.sample)
    assert not [pv for pv in group.channels if pv.startswith(("BL13U:ID:", "BL13U:PGM:", "BL13U:STAGE:"))]
    assert len(group.faces) == 13
    return group.faces


def signals(cls):
    return {name: one.quantity for name, one in cls._sig_attrs.items() if isinstance(one, Attr)}


def test_every_face_is_of_a_class_with_its_signals(faces):
    assert {face.kind for face in faces} == set(Shows.KINDS)
    assert {cls.kind_of_device for kinds in Shows.KINDS.values() for cls in kinds} == set(NAMES)


def test_what_devices_ask_for_is_shown(faces):
    seen = 0
    for face in faces:
        shown = {one.name: one for one in face.attributes}
        for cls in Shows.KINDS[face.kind]:
            for name, quantity in signals(cls).items():
                row = NAMES[cls.kind_of_device][name]
                seen += 1
                if row.part is Part.COMMAND:
                    assert row.name in face.commands, name
                    continue
                if row.part is Part.ACTING:
                    assert {START, STOP} <= set(face.commands), name
                    continue
                if row.name in OF_EVERY_DEVICE:
                    continue
                one = shown[row.name]
                assert one.takes is not None or not quantity.writable, name
                assert row.moves == (quantity.writable and one.moves), name
                if quantity.dtype == "enum":
                    assert tuple(one.shows.enum_strings) == quantity.enum
                elif quantity.dtype == "float":
                    assert isinstance(one.shows, ca.ChannelDouble)
                if quantity.shape:
                    assert row.on_demand, name
                    assert quantity.shape == (one.shows.max_length,)
    assert seen > 40


def test_each_channel_of_a_counter_is_shown(faces):
    (counter,) = (one for one in faces if one.kind == "Counter")
    shown = [one.name for one in counter.attributes]
    channels = facts.load("bl09u")[1].devices["counter"].channels
    # the number of exposures after all that one of them gave: whoever sees it change has all of it
    assert shown[:channels] == [f"{COUNTS}{n}" for n in range(1, channels + 1)]


def test_the_table_names_nothing_that_no_device_asks_for():
    # as many axes and detectors as one can have, and a grating
    most = {"GateUnit": (gate_unit("bl13u", triggers=[f"detector{n}" for n in range(8)]),)}
    for cls in (one for kinds in (Shows.KINDS | most).values() for one in kinds):
        assert set(NAMES[cls.kind_of_device]) == set(signals(cls))
