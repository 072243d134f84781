"""A face in its event loop: what a Tango device would say, without Tango."""

import asyncio
import threading

import pytest

from ioc_sim.channels import Enum, Float
from ioc_sim.errors import Refused
from ioc_sim.tango_devices.face import Face, Shown
from ioc_sim.tango_devices.presence import Presence, Snapshot, Stated


class Axis:
    """A position that moves until it is told to arrive."""

    def __init__(self, past_alarms=False):
        self.state = "ON"
        self.arrive = asyncio.Event()
        self.position = Float(1.0, units="mm")
        self.goal = Float(1.0, low=0.0, high=9.0, on_put=self._go)
        self.speed = Float(2.0, low=0.1, high=5.0, on_put=self._keep)
        self.mode = Enum("Slow", ("Slow", "Fast"))
        self.refusal = ""
        self.told = []
        face = Face(
            "a/b/c",
            "MotionAxis",
            (
                Shown("Position", self.position, self.goal, moves=True),
                Shown("Speed", self.speed, self.speed),
                Shown("Mode", self.mode),
            ),
            lambda: (self.state, f"at {self.position.value:g} … fine"),
            past_alarms=past_alarms,
        )
        self.presence = Presence(face, asyncio.get_running_loop())
        self.presence.on_change = lambda name, what: self.told.append((name, what))

    async def _keep(self, _):
        pass

    async def _go(self, target):
        await self.arrive.wait()
        if self.refusal:
            raise Refused(self.refusal)
        self.position.post(target)

    async def write(self, name, value):
        """Write as a thread of Tango does."""
        await asyncio.to_thread(self.presence.write, name, value)

    def states(self):
        return [what.state for _, what in self.told if isinstance(what, Stated)]


def served(test):
    """Run a coroutine of an axis on a server that publishes without waiting."""

    async def run():
        await test(Axis())
        await asyncio.sleep(0)

    asyncio.run(run())


def test_a_motion_is_moving_until_its_put_would_complete():
    async def test(axis):
        await axis.write("Position", 4.0)
        assert axis.presence.stated.state == "MOVING"
        shown = axis.presence.snapshots["Position"]
        assert (shown.value, shown.written, shown.changing, shown.limits) == (1.0, 4.0, True, (0.0, 9.0))
        axis.arrive.set()
        while axis.presence.stated.state == "MOVING":
            await asyncio.sleep(0)
        assert axis.presence.stated == Stated("ON", "at 4 ... fine")
        assert axis.presence.snapshots["Position"][:2] == (4.0, 4.0)
        assert not axis.presence.snapshots["Position"].changing
        assert axis.states() == ["MOVING", "ON"] or axis.states() == ["MOVING", "MOVING", "ON"]

    served(test)


@pytest.mark.parametrize(("past_alarms", "state"), [(False, "ALARM"), (True, "MOVING")])
def test_an_alarm_of_the_last_action_does_not_end_the_next(past_alarms, state):
    async def test():
        axis = Axis(past_alarms)
        axis.state = "ALARM"
        await axis.write("Position", 4.0)
        assert axis.presence.stated.state == state
        axis.arrive.set()
        while axis.presence.snapshots["Position"].value != 4.0:
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        assert axis.presence.stated.state == "ALARM"

    asyncio.run(test())


def test_a_setting_is_no_motion():
    async def test(axis):
        await axis.write("Speed", 3.0)
        assert axis.presence.snapshots["Speed"].value == 3.0
        assert axis.presence.stated.state == "ON"
        assert "MOVING" not in axis.states()

    served(test)


def test_a_refusal_goes_to_the_client_and_changes_nothing():
    async def test(axis):
        with pytest.raises(Refused, match=r"9\.5"):
            await axis.write("Position", 9.5)
        assert axis.presence.stated.status == "at 1 ... fine"
        assert axis.told == []

    served(test)


def test_a_motion_that_takes_no_time_is_over_when_the_write_returns():
    async def test(axis):
        axis.arrive.set()
        await axis.write("Position", 4.0)
        assert axis.presence.stated == Stated("ON", "at 4 ... fine")
        assert axis.presence.snapshots["Position"][:2] == (4.0, 4.0)
        assert not axis.presence._acting

    served(test)


def test_what_a_write_changes_is_told_when_its_client_is_answered_and_in_order():
    async def test(axis):
        told = axis.told
        axis.arrive.set()
        writing = asyncio.create_task(axis.write("Position", 4.0))
        while axis.presence.snapshots["Position"].value != 4.0:
            assert told == []
            await asyncio.sleep(0)
        axis.position.post(5.0)
        await writing
        await asyncio.sleep(0.01)
        assert [what.value for name, what in told if name == "Position"] == [4.0, 5.0]
        axis.position.post(6.0)
        assert told[-1][1].value == 6.0

    served(test)


def shot(value, severity=0, changing=False, time=1.0):
    return Snapshot(value, None, time, severity, changing, (0, 0))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (shot(1.0), shot(1.0, changing=True), True),
        (shot(1.0), shot(1.0, time=2.0), True),
        (shot(1.0), shot(1.5), False),
        (shot(1.0), shot(1.0, severity=3), False),
        (shot([1.0]), shot([1.0]), False),
    ],
)
def test_a_publication_of_the_same_value_shows_nothing_new(one, other, same):
    assert one.shows(other) is same
    assert one.shows(one)


def test_a_motion_that_fails_is_told_in_the_status_until_the_next_command():
    async def test(axis):
        axis.refusal = "the permission was withdrawn"
        await axis.write("Position", 4.0)
        axis.arrive.set()
        while axis.presence.stated.state == "MOVING":
            await asyncio.sleep(0)
        assert axis.presence.stated.status.endswith("the last command ended early: the permission was withdrawn")
        await asyncio.to_thread(axis.presence.reset)
        assert axis.presence.stated.status == "at 1 ... fine"

    served(test)


def test_what_is_read_in_another_thread_is_one_tuple():
    async def test(axis):
        seen, enough = [], threading.Event()

        def read():
            while not enough.is_set():
                seen.append(axis.presence.snapshots["Position"])

        reading = asyncio.create_task(asyncio.to_thread(read))
        for n in range(2000):
            axis.position.post(float(n), timestamp=float(n))
            if n % 100 == 0:
                await asyncio.sleep(0)
        enough.set()
        await reading
        assert all(one.value == one.time for one in seen if one.time < 10_000)

    served(test)


def test_an_enumeration_is_its_index():
    async def test(axis):
        axis.mode.post("Fast")
        assert axis.presence.snapshots["Mode"].value == 1

    served(test)
