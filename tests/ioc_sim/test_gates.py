"""Programs of a gate unit, its store, and its files."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import h5py
import numpy as np
import pytest

from beam import facts
from beam.axis import LineAxis
from devices.row_documents import rows_in
from ioc_sim.errors import Refused
from ioc_sim.gates.program import build
from ioc_sim.gates.rows_file import RowsFile, cut, probe
from ioc_sim.gates.store import Store

UNIT = facts.load("bl09u")[1].devices["flyer"]
X = "sample_stage.x"
AXES = {X: LineAxis(facts.load("bl09u")[1].devices["sample_stage"].x)}
TIMES = np.array([0.0, 1.0, 3.0, 4.0])
THERE = {X: np.array([0.0, 1.0, -1.0, 0.0])}


def test_gates_by_time():
    program = build(UNIT, AXES, TIMES, THERE, [(0.5, 0.25, 4), (2.0, 0.5, 2)])
    np.testing.assert_allclose(program.begin, [0.5, 0.75, 1.0, 1.25, 2.0, 2.5])
    np.testing.assert_allclose(program.end, [0.75, 1.0, 1.25, 1.5, 2.5, 3.0])
    assert program.duration_s == 4.0


def test_gates_by_position_follow_the_axis_which_lags():
    program = build(UNIT, AXES, TIMES, THERE, [(0.2, 0.2, 3), (0.8, -0.4, 4)], X)
    np.testing.assert_allclose(program.begin[:3], np.array([0.2, 0.4, 0.6]) + UNIT.lag_s, atol=1e-9)
    np.testing.assert_allclose(program.begin[3:], np.array([1.2, 1.6, 2.0, 2.4]) + UNIT.lag_s, atol=1e-9)
    np.testing.assert_allclose(program.demanded(X, program.begin[3:] - UNIT.lag_s), [0.8, 0.4, 0.0, -0.4], atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"times": np.array([0.0, 1.0, 1.0, 4.0])}, "must rise"),
        ({"positions": {}}, "no axis"),
        ({"positions": {X: np.zeros(3)}}, "3 positions for 4 times"),
        ({"positions": {X: np.array([0.0, 1.0, 30.0, 0.0])}}, "-25 … 25 mm is allowed"),
        ({"times": TIMES / 2}, None),
        ({"times": TIMES / 4}, "4 mm/s; 2 mm/s is allowed"),
        ({"rows": [(0.5, 1e-6, 4)]}, "1e-05 s is the shortest"),
        ({"rows": [(0.5, 1.0, 4)]}, "goes from 0 to 4 s"),
        ({"rows": [(1.5, 0.1, 4), (1.0, 0.1, 4)]}, "goes from 1.9 to 4 s"),
        ({"rows": []}, "0 gates"),
        ({"rows": [(2.0, 0.1, 4)], "compare": X}, "never passes"),
        ({"rows": [(0.5, 0.1, 4)], "compare": "dcm.bragg"}, "takes no part"),
    ],
)
def test_what_cannot_be_flown_is_refused(changes, words):
    given = {"times": TIMES, "positions": THERE, "rows": [(0.5, 0.1, 4)], **changes}
    if words is None:
        build(UNIT, AXES, **given)
        return
    with pytest.raises(Refused, match=words):
        build(UNIT, AXES, **given)


@dataclass
class Noted:
    """A writer that keeps what it gets."""

    blocks: list = field(default_factory=list)

    def open(self, path, _):
        pass

    def write(self, block):
        self.blocks.append(block)

    def close(self):
        pass


def offered(rate, blocks, places=100):
    """Offer blocks of 60 rows, a second of the flight each; return the store and what was written."""
    writer = Noted()

    async def main():
        with ThreadPoolExecutor(1) as thread:
            store = Store(places, thread, lambda _: None, lambda _: None)
            await store.open(writer, None)
            for second in range(1, blocks + 1):
                await store.offer(np.zeros((2, 60)), float(second), rate, writer)
            await store.drained()
            await store.close()
            return store

    store = asyncio.run(main())
    return store, sum(block.shape[1] for block in writer.blocks)


def test_a_store_that_is_fast_enough_loses_nothing():
    store, rows = offered(60.0, 20)
    assert (store.overflow, rows, store.rows) == (False, 1200, 1200)


def test_a_store_that_is_too_slow_overflows():
    store, rows = offered(30.0, 3)
    assert (store.overflow, rows) == (False, 180)  # 30 rows more wait after each second
    store, rows = offered(30.0, 5)
    assert store.overflow
    assert rows < 300


def test_a_file_can_be_read_while_it_grows_and_be_cut(tmp_path):
    path, writer = tmp_path / "rows.h5", RowsFile("unit", {"gate": "", "x": "mm"})
    writer.open(path)
    assert rows_in(str(path)) == 0
    writer.write(np.arange(10.0).reshape(2, 5))
    writer.write(np.arange(4.0).reshape(2, 2))
    assert rows_in(str(path)) == 7  # its writer is still at it
    writer.close()
    cut(path, 4)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["entry/data/x"], [5, 6, 7, 8])
        assert file["entry/data/x"].attrs["units"] == "mm"
    assert probe(tmp_path) > 1e5
    assert [one.name for one in tmp_path.iterdir()] == ["rows.h5"]
