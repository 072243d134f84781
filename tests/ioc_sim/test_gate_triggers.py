"""What detectors on the trigger outputs make of gates, without a server."""

import asyncio
from itertools import pairwise

import h5py
import numpy as np

from devices.row_documents import rows_in
from ioc_sim.area_detector.gated import AT_ONCE, Gate, GatedExposures
from ioc_sim.gates.rows_file import cut
from ioc_sim.gates.spectra_file import SpectraFile
from ioc_sim.gates.triggers import Gates, Triggers


def gates(*edges):
    return [Gate(n, begin, end, 0, None) for n, (begin, end) in enumerate(pairwise(edges))]


def taken(exposures, some, exposure_s=0.08, readout_s=0.01):
    return [exposures.take(one, exposure_s, readout_s) for one in some]


def test_a_camera_that_is_ready_again_exposes_at_each_gate():
    exposures = GatedExposures()
    exposures.arm(3)
    assert taken(exposures, gates(0.0, 0.1, 0.2, 0.3, 0.4)) == [True, True, True, False]  # three were asked for
    first = exposures.next()
    assert (first.gate.number, first.exposure_s) == (0, 0.08)


def test_a_gate_that_comes_while_the_one_before_is_read_out_is_missed():
    exposures = GatedExposures()
    exposures.arm(10)
    assert taken(exposures, gates(0.0, 0.1, 0.2, 0.3), readout_s=0.03) == [True, False, True]
    exposures.begin()  # another flight, whose time begins at 0
    assert taken(exposures, gates(0.0, 0.1)) == [True]
    assert taken(GatedExposures(), gates(0.0, 0.1)) == [True]


def test_an_exposure_as_long_as_the_gate_needs_a_readout_that_takes_no_time():
    exposures = GatedExposures()
    exposures.arm(10)
    assert taken(exposures, gates(0.0, 0.1, 0.2), None, 0.0) == [True, True]
    assert taken(exposures, gates(0.3, 0.4, 0.5), None, 0.001) == [True, False]


def test_what_is_not_armed_misses_each_gate():
    exposures = GatedExposures()
    exposures.arm(5)
    exposures.disarm()
    assert taken(exposures, gates(0.0, 0.1, 0.2)) == [False, False]


def test_a_flight_waits_while_too_many_frames_are_to_be_read_out_unless_it_is_stopped():
    async def main():
        exposures, stop = GatedExposures(), asyncio.Event()
        exposures.arm(100)
        taken(exposures, gates(*np.arange(AT_ONCE + 1.0)))
        waiting = asyncio.create_task(exposures.until_room(stop))
        await asyncio.sleep(0)
        assert not waiting.done()
        exposures.next()
        await waiting
        taken(exposures, gates(100.0, 101.0))
        waiting = asyncio.create_task(exposures.until_room(stop))
        stop.set()
        await waiting

    asyncio.run(main())


def test_spectra_lie_beside_their_columns_and_are_cut_with_them(tmp_path):
    path = tmp_path / "map.h5"
    file = SpectraFile("BL09U:SDD", {"gate": "", "real_time": "s"}, 3)
    file.open(path)
    file.write(np.array([[1.0, 2.0], [0.1, 0.1], [5, 6], [7, 8], [9, 10]]))
    file.write(np.array([[3.0], [0.1], [1], [2], [5e9]]))
    assert rows_in(str(path)) == 3
    file.close()
    with h5py.File(path) as opened:
        np.testing.assert_array_equal(opened["entry/data/spectrum"][:2], [[5, 7, 9], [6, 8, 10]])
        assert opened["entry/data/spectrum"][2, 2] == 2**32 - 1  # full
    cut(path, 1)
    with h5py.File(path) as opened:
        assert {name: len(one) for name, one in opened["entry/data"].items()} == dict.fromkeys(
            ("gate", "real_time", "spectrum"), 1
        )


class Noted:
    """A detector that notes what it gets."""

    def __init__(self):
        self.got, self.began = [], 0

    async def prepare(self):
        """Do nothing."""

    def light(self, line):
        return np.array([line.axes["x"].at, 2.0])

    def begin(self):
        self.began += 1

    async def take(self, some, light, stop):
        self.got.append((some.first, len(some), light))


def test_all_detectors_are_triggered_with_the_light_of_each_gate():
    class Axis:
        at = 0.0
        facts = type("Facts", (), {"tolerance": 0.001})

        def put(self, at):
            self.at = at

    line, one, other = type("Line", (), {"axes": {"x": Axis()}}), Noted(), Noted()

    async def main():
        triggers = Triggers([one, other])
        await triggers.begin()
        triggers.follow(line, {"x": np.linspace(0.0, 1.0, 11)})
        times = np.zeros(4)
        await triggers.fire(Gates(103, times, times, times, times), triggers.look(3, 4), asyncio.Event())

    asyncio.run(main())
    for each in (one, other):
        assert each.began == 1
        ((first, count, light),) = each.got
        assert (first, count) == (103, 4)
        np.testing.assert_allclose(light, [[0.3, 2], [0.4, 2], [0.5, 2], [0.6, 2]])
    assert not Triggers()


def test_a_fault_makes_one_gate_be_missed():
    from ioc_sim.area_detector.camera import Camera
    from ioc_sim.faults.table import find

    camera = Camera.__new__(Camera)
    camera.gated = GatedExposures()
    camera.gated.arm(100)

    async def main():
        undo = await find("missed_trigger").start(camera, {"gate": 2.0})
        lost = taken(camera.gated, gates(0.0, 0.1, 0.2, 0.3))
        await undo()
        return lost

    assert asyncio.run(main()) == [True, False, True]
    assert camera.gated.loses() is False
