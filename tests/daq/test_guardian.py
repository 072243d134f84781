"""When a guard acts, and when it does not."""

import os
import threading

import pytest

from daq.guardian import act as acting
from daq.guardian.orders import BEAT, DISMISSED, MOVED, Address, Orders
from daq.guardian.process import Watch
from daq.lease import Held, Lease, place
from daq.lease.holder import GUARD, read

CLOSE = Address("shutter", pv="T:Close", state="T:State")
STOPS = Address("bragg", pv="T:Bragg.STOP"), Address("perp", pv="T:Perp.STOP")


class Engine:
    """The other end of a guard's pipe."""

    def __init__(self, silent_s=60.0) -> None:
        self.done = []
        self.acted = threading.Event()
        reading, self.writing = os.pipe()

        def act(moved, dead):
            self.done.append((list(moved), dead))
            self.acted.set()

        self.guard = threading.Thread(target=Watch(act, silent_s).run, args=(reading, MOVED + b"bragg\n"))
        self.guard.start()

    def say(self, *words):
        os.write(self.writing, b"".join(word + b"\n" for word in words))

    def die(self):
        os.close(self.writing)
        self.guard.join(20)


def test_a_guard_that_is_dismissed_does_nothing():
    engine = Engine()
    engine.say(BEAT, MOVED + b"perp", BEAT)
    engine.say(DISMISSED)
    engine.die()
    assert engine.done == []


def test_it_acts_when_its_engine_dies_and_knows_what_moved():
    engine = Engine()
    engine.say(BEAT, MOVED + b"perp")
    engine.die()
    assert engine.done == [(["bragg", "perp"], True)]


def test_it_acts_once_when_its_engine_stands_still_and_again_when_that_dies():
    engine = Engine(silent_s=0.3)
    assert engine.acted.wait(20)
    engine.say(BEAT)
    engine.die()
    assert engine.done[0] == (["bragg"], False)
    assert engine.done[-1] == (["bragg"], True)


class Channels:
    """Servers that take note."""

    token = "1234"
    wrote: list

    def text(self, name):
        return self.token

    def write_one(self, close, stop):
        Channels.wrote.append(([one.name for one in close], [one.name for one in stop]))
        yield "closed"


@pytest.fixture
def lease(tmp_path, monkeypatch):
    monkeypatch.setattr(acting, "Channels", Channels)
    monkeypatch.setattr(Channels, "wrote", [], raising=False)
    one = Lease(place(tmp_path, "bl09u"), "run", log=tmp_path / "log")
    one.acquire()
    yield one
    one.release()


def orders(lease, token=""):
    return Orders(
        station="bl09u",
        holder=lease.me.record(),
        lock=str(lease.place.lock),
        request=str(lease.place.request),
        descriptor=os.dup(lease.descriptor),
        remove=False,
        close=(CLOSE,),
        stop=STOPS,
        token_pv="T:SIM:Token" if token else "",
        token=token,
        logs=str(lease.place.lock.parent / "logs"),
    )


def test_orders_survive_the_pipe(lease):
    given = orders(lease)
    assert Orders.parse(given.text()) == given


def test_it_closes_all_and_stops_what_moved_and_frees_the_station(lease):
    acting.act(orders(lease), ["bragg"], dead=True)
    assert Channels.wrote == [(["shutter"], ["bragg"])]
    assert read(lease.place.lock) is None
    other = Lease(lease.place, "run", log=lease.place.lock)
    other.acquire()
    other.release()


def test_a_station_whose_engine_stands_still_stays_held(lease):
    acting.act(orders(lease), [], dead=False)
    assert Channels.wrote == [(["shutter"], [])]
    with pytest.raises(Held):
        Lease(lease.place, "run", log=lease.place.lock).acquire()


def test_others_are_told_while_it_acts(lease, monkeypatch):
    seen = []
    monkeypatch.setattr(Channels, "write_one", lambda *_: seen.append(read(lease.place.lock).what) or ())
    acting.act(orders(lease), [], dead=True)
    assert seen == [GUARD]


@pytest.mark.parametrize("how", ["asked for", "taken"])
def test_it_leaves_alone_what_is_anothers_by_now(lease, how):
    if how == "taken":
        lease.place.lock.unlink()
        lease.place.lock.write_text("somebody")
    else:
        lease.place.request.write_text("somebody")
    acting.act(orders(lease), ["bragg"], dead=True)
    assert Channels.wrote == []
    if how == "taken":
        assert lease.place.lock.read_text() == "somebody"
    lease.place.request.unlink(missing_ok=True)


@pytest.mark.parametrize(("token", "acts"), [("1234", True), ("5678", False)])
def test_it_touches_no_servers_but_those_of_its_engine(lease, token, acts):
    acting.act(orders(lease, token), [], dead=True)
    assert bool(Channels.wrote) == acts
