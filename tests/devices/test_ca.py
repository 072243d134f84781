"""The Channel Access signals against a PV in process: what they make of monitors, completions, disconnections."""

import time
from types import SimpleNamespace

import ophyd
import pytest

from beam.errors import ConfigError
from devices import ca, ca_pyepics
from devices.ca_names import NAMES, pv_name, unit_of
from devices.deadlines import PATIENCE
from devices.errors import NotConnected, NotTaken, TimedOut
from devices.sampled import CLOCK_STEP_S
from devices.signals import Quantity
from devices.tango_names import row_of
from devices.tango_signal import Tango
from devices.transport import transport_for


class FakePV:
    """As much of a pyepics PV as the signals use."""

    def __init__(self, name, connection_callback, access_callback, **_):
        self.pvname, self.connected, self.chid, self._reference_count = name, False, 1, 0
        self.connection_callbacks, self.callbacks = [connection_callback], {}
        self._access = access_callback
        self._args = {"value": None, "timestamp": None}
        self.truth = {"value": 1.5, "timestamp": 100.0, "severity": 0, "status": 0}
        self.ctrl = {"units": "mm", "precision": 3, "lower_ctrl_limit": -5.0, "upper_ctrl_limit": 5.0}
        self.puts = []
        self.takes = True
        self.answers = True

    def connect(self, conn=True):
        self.connected = conn
        for callback in self.connection_callbacks:
            callback(pvname=self.pvname, conn=conn, pv=self)
        if conn:
            self._access(True, True, pv=self)

    def monitor(self, value, timestamp, severity=0):
        self.truth = {"value": value, "timestamp": timestamp, "severity": severity, "status": 0}
        self._args.update(self.truth)
        for callback, _ in list(self.callbacks.values()):
            callback(**self._args)

    def get_all_metadata_callback(self, callback, timeout):
        callback(self.pvname, self.ctrl | {"timestamp": 100.0, "status": 0, "severity": 0})

    def put(self, value, use_complete=False, callback=None):
        self.puts.append(value)
        if self.takes:
            self.truth = self.truth | {"value": value, "timestamp": self.truth["timestamp"] + 1}
        if callback is not None:
            callback(pvname=self.pvname)

    def wait_for_connection(self, timeout=None):
        return self.connected


class FakeQuestion:
    """A question to it."""

    def __init__(self, pv):
        self.sent, self.pv = time.monotonic(), pv

    def answer(self, timeout):
        return dict(self.pv.truth) if self.pv.answers else None


@pytest.fixture
def make(monkeypatch):
    monkeypatch.setattr(ca_pyepics, "Question", FakeQuestion)
    made = []
    real = ophyd.get_cl()
    layer = SimpleNamespace(
        name="fake",
        get_dispatcher=real.get_dispatcher,
        get_pv=lambda name, **kwargs: FakePV(name, **kwargs),
        release_pvs=lambda *_: None,
    )

    def build(quantity):
        cls = ca.CaSignal if quantity.writable else ca.CaSignalRO
        signal = cls("X:A", quantity=quantity, name="axis", cl=layer)
        made.append(signal)
        return signal, signal._read_pv

    yield build
    for one in made:
        one.destroy()


@pytest.fixture
def connected(make):
    signal, pv = make(Quantity("float", "mm", writable=True))
    pv.connect()
    pv.monitor(1.5, 100.0)
    return signal, pv


def test_connected_only_with_a_value(make):
    signal, pv = make(Quantity("float", "mm"))
    with pytest.raises(NotConnected, match="X:A is not connected; no value seen yet"):
        _ = signal.sample
    pv.connect()
    assert not signal.connected
    pv.monitor(1.5, 100.0)
    assert signal.connected
    assert signal.sample[:3] == (1.5, 100.0, 0)


def test_a_value_that_came_before_its_callback_counts(make):
    signal, pv = make(Quantity("float"))
    pv._args.update(pv.truth)
    pv.connect()
    assert signal.sample.value == 1.5


def test_documents(connected):
    signal, _ = connected
    assert signal.read() == {"axis": {"value": 1.5, "timestamp": 100.0}}
    assert signal.describe()["axis"] == {
        "source": "ca://X:A",
        "dtype": "number",
        "dtype_numpy": "<f8",
        "shape": [],
        "units": "mm",
        "precision": 3,
        "lower_ctrl_limit": -5.0,
        "upper_ctrl_limit": 5.0,
    }


def test_what_was_written_is_no_reading(connected):
    signal, pv = connected
    pv.takes = False
    signal.put(3.0)
    assert pv.puts == [3.0]
    assert signal.get() == 1.5


def test_a_monitor_overtaken_by_a_reading_is_ignored(connected):
    signal, pv = connected
    pv.truth = {"value": 9.0, "timestamp": 110.0, "severity": 0, "status": 0}
    assert signal.fetch().value == 9.0
    pv.monitor(5.0, 105.0)
    assert signal.sample.value == 9.0
    pv.monitor(9.5, 111.0)
    assert signal.sample.value == 9.5


def test_a_reading_overtaken_by_a_monitor_is_ignored(connected, monkeypatch):
    signal, pv = connected
    answer = {"value": 0.0, "timestamp": 105.0, "severity": 0, "status": 0}

    def answered_late(*_):
        pv.monitor(1.0, 110.0)  # while the answer was on its way to the thread that asked
        return answer

    monkeypatch.setattr(FakeQuestion, "answer", answered_late)
    assert signal.fetch().value == 1.0
    assert signal.sample.value == 1.0
    pv.monitor(0.0, 111.0)
    assert signal.sample.value == 0.0


def test_a_server_clock_set_back_is_believed(connected):
    signal, pv = connected
    pv.truth = {"value": 9.0, "timestamp": 1000.0, "severity": 0, "status": 0}
    signal.fetch()
    pv.monitor(5.0, 1000.0 - CLOCK_STEP_S - 1)
    assert signal.sample.value == 5.0


def test_after_a_disconnection_only_a_new_value_counts(connected):
    signal, pv = connected
    pv.connect(False)
    with pytest.raises(NotConnected, match=r"last value 1.5 mm, seen"):
        signal.read()
    pv.connect()
    with pytest.raises(NotConnected):
        _ = signal.sample
    pv.monitor(2.5, 200.0)
    assert signal.sample.value == 2.5
    assert signal.connected


def test_a_server_that_does_not_answer(connected, monkeypatch):
    signal, pv = connected
    pv.answers = False
    with pytest.raises(TimedOut, match=r"axis: waited 5.0 s for X:A to answer; last value 1.5 mm"):
        signal.fetch()


def test_set_succeeds_only_when_the_server_took_the_value(connected):
    signal, pv = connected
    signal.set(2.0).wait(5)
    assert signal.get() == 2.0
    pv.takes = False
    with pytest.raises(NotTaken, match=r"axis: asked for 4.0 mm, X:A has 2.0 mm"):
        signal.set(4.0).wait(5)


def test_set_has_a_deadline(connected, impatient):
    signal, pv = connected
    pv.put = lambda *_, **__: None
    with pytest.raises(TimedOut, match=r"X:A to take 2.0 mm"):
        signal.set(2.0).wait(5)


def test_enumerations_are_text_outside_and_index_on_the_wire(make):
    signal, pv = make(Quantity("enum", enum=("Idle", "Moving"), writable=True))
    pv.connect()
    pv.monitor(1, 100.0)
    assert signal.get() == "Moving"
    assert signal.read()["axis"]["value"] == "Moving"
    assert signal.describe()["axis"]["dtype"] == "string"
    signal.set("Idle").wait(5)
    assert pv.puts == [0]
    with pytest.raises(ValueError, match="allowed are Idle, Moving"):
        signal.set("Running")
    pv.monitor(7, 101.0)
    assert signal.get() == "index 7 of 2"


@pytest.mark.parametrize("value", ["at rest", [97, 116, 32, 114, 101, 115, 116, 0, 88]])
def test_text_as_string_and_as_characters(make, value):
    signal, pv = make(Quantity("string"))
    pv.connect()
    pv.monitor(value, 100.0)
    assert signal.get() == "at rest"


def test_read_only_signals_are_not_written(make):
    signal, pv = make(Quantity("float"))
    pv.connect()
    pv.monitor(1.0, 100.0)
    with pytest.raises(NotTaken, match="read-only"):
        signal.start(2.0)


def test_subscribers_hear_at_once_and_of_changes(connected):
    from threading import Event

    signal, pv = connected
    heard, changed = [], Event()

    def hear(value, timestamp, **_):
        heard.append((value, timestamp))
        if value == 2.5:
            changed.set()

    signal.subscribe(hear)
    pv.monitor(2.5, 101.0)
    assert changed.wait(5)
    assert heard == [(1.5, 100.0), (2.5, 101.0)]


def test_names():
    assert pv_name("motor", "readback", "BL09U:DCM:Bragg") == "BL09U:DCM:Bragg.RBV"
    assert pv_name("scaler", "i0", "BL09U:SC1", 2) == "BL09U:SC1.S2"
    assert [unit_of(one) for one in ("sec", "deg/sec", "mm", "")] == ["s", "deg/s", "mm", ""]
    assert all(len(set(names.values())) == len(names) for names in NAMES.values())


def test_the_address_decides_the_transport():
    assert isinstance(transport_for("BL09U:ID:"), ca.ChannelAccess)
    assert isinstance(transport_for("bl09u/id/1"), Tango)
    with pytest.raises(
        ConfigError, match=r"bl09u/valve/1: a valve does not speak Tango; kinds that do: gate_unit, ion_chamber, motor,"
    ):
        row_of("valve", "permit", "bl09u/valve/1")


def test_patience_is_what_fetch_waits_for(connected, monkeypatch):
    monkeypatch.setattr(PATIENCE, "margin_s", 0.25)
    signal, pv = connected
    pv.answers = False
    with pytest.raises(TimedOut, match=r"waited 0\.2 s"):
        signal.fetch()
