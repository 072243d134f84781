"""A run that is paused in the middle of a motion goes on as if nothing had happened."""

import threading

import bluesky.plans as bp
import pytest
from bluesky.utils import RunEngineInterrupted


@pytest.mark.full
def test_a_pause_in_the_middle_of_a_move_repeats_it(acquire):
    tree, engine = acquire.tree, acquire.engine
    under_way = threading.Event()
    moves, events, stops = [], [], []

    def watch(message):
        if message.command == "wait" and len(moves) == 3:
            under_way.set()
        if message.command == "set" and message.obj is tree.energy:
            moves.append(message.args[0])

    def pause():
        under_way.wait(60)
        engine.request_pause(defer=False)

    def note(name, doc):
        if name == "event":
            events.append(doc["data"])
        elif name == "stop":
            stops.append(doc["exit_status"])

    presses = threading.Thread(target=pause)
    presses.start()
    engine.msg_hook = watch
    try:
        with pytest.raises(RunEngineInterrupted):
            engine(bp.scan([tree.counter], tree.energy, 5000, 9000, 5), note)
        presses.join()
        assert engine.state == "paused"
        engine.resume()
    finally:
        engine.msg_hook = None
    assert stops == ["success"]
    assert [round(one["energy"]) for one in events] == [5000, 6000, 7000, 8000, 9000]
    assert len(moves) > 5  # the one that was interrupted was made again
