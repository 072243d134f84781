"""Ctrl-C in the shell: once pauses, twice aborts, also when the second comes while the first is being obeyed."""

import os
import signal
import threading

import pytest
from bluesky import RunEngine
from bluesky.utils import Msg, RunEngineInterrupted

from daq.signals import PauseOnSignal


class Slow:
    """Takes part in a plan; on its way to a pause it may be interrupted again."""

    name = "slow"
    parent = None

    def __init__(self, again: bool) -> None:
        self.again = again
        self.paused = 0

    def stage(self) -> list[object]:
        return [self]

    def unstage(self) -> list[object]:
        return [self]

    def pause(self) -> None:
        self.paused += 1
        if self.again:
            interrupt()

    def resume(self) -> None: ...


def interrupt() -> None:
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def plan(device, interrupted):
    yield Msg("open_run")
    yield Msg("stage", device)
    yield Msg("checkpoint")
    if not interrupted:
        interrupted.append(True)
        os.kill(os.getpid(), signal.SIGINT)
    yield Msg("sleep", None, 0.3)
    yield Msg("close_run")


def exit_statuses(engine):
    found = []
    engine.subscribe(lambda _, doc: found.append(doc["exit_status"]), "stop")
    return found


def test_once_pauses_and_the_plan_can_go_on():
    engine = RunEngine(context_managers=[PauseOnSignal])
    statuses = exit_statuses(engine)
    with pytest.raises(RunEngineInterrupted):
        engine(plan(device := Slow(again=False), []))
    assert (engine.state, device.paused, statuses) == ("paused", 1, [])
    engine.resume()
    assert statuses == ["success"]


def test_twice_aborts_even_before_the_pause_is_reached():
    engine = RunEngine(context_managers=[PauseOnSignal])
    statuses = exit_statuses(engine)
    with pytest.raises(RunEngineInterrupted):
        engine(plan(Slow(again=True), []))
    assert (engine.state, statuses) == ("idle", ["abort"])
