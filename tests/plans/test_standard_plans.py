"""Bluesky's own plans run on the devices as they are."""

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest

from plans.lean import lean_step


def test_count(engine, docs, bl):
    engine(bp.count([bl.counter, bl.ring], 3))
    assert len(docs.events()) == 3
    assert docs.events()[0]["ring_current"] == 400.0


@pytest.mark.parametrize("per_step", [None, lean_step])
def test_scan_is_the_same_with_the_lean_step(engine, docs, bl, per_step):
    engine(bp.scan([bl.counter], bl.energy, 7100, 7110, 3, per_step=per_step))
    assert [round(event["energy"], 6) for event in docs.events()] == [7100.0, 7105.0, 7110.0]
    assert [event["i0"] for event in docs.events()] == [1000.0, 2000.0, 3000.0]


def test_lean_step_yields_the_messages_of_the_standard_one(bl):
    def walk(step):
        wanted = ("checkpoint", "set", "wait", "trigger", "create", "read", "save")
        messages = bp.grid_scan([bl.counter, bl.ring], bl.dcm.perp, 13, 14, 2, bl.dcm.pitch, 0, 1, 2, per_step=step)
        return [(m.command, m.obj, m.args) for m in messages if m.command in wanted]

    # to trigger what has nothing to trigger is a message for nothing
    idle = {bl.ring, bl.dcm.perp, bl.dcm.pitch}
    standard = walk(None)
    assert {obj for command, obj, _ in standard if command == "trigger"} == {bl.counter, *idle}
    assert walk(lean_step) == [one for one in standard if not (one[0] == "trigger" and one[1] in idle)]


def test_lean_step_drops_the_event_of_a_reading_that_fails(engine, docs, bl, server):
    server.on_write["BL09U:DCM:Pitch.VAL"] = lambda value, done: (
        server.post("BL09U:DCM:Pitch.VAL", value),
        server.post("BL09U:DCM:Pitch.DMOV", 1),
        server.post("BL09U:DCM:Pitch.RBV", value),
        done(),
        server.post("SR:Current", 0.0, severity=3),
    )
    with pytest.raises(Exception, match=r"SR:Current\) is invalid"):
        engine(bp.scan([bl.counter, bl.ring], bl.dcm.pitch, 0, 1, 2, per_step=lean_step))
    assert docs.events() == []
    assert docs.of("stop")[0]["exit_status"] == "fail"


def test_list_scan_and_relative_scan_return(engine, docs, bl):
    engine(bp.list_scan([bl.counter], bl.undulator.gap, [10.0, 12.0]))
    engine(bps.mv(bl.dcm.pitch, 5.0))
    engine(bp.rel_scan([bl.counter], bl.dcm.pitch, -1, 1, 3))
    assert [event["dcm_pitch"] for event in docs.events() if "dcm_pitch" in event] == [4.0, 5.0, 6.0]
    assert bl.dcm.pitch.position == 5.0


def test_relative_energy_scan_returns(engine, docs, bl):
    engine(bps.mv(bl.energy, 7112.0))
    engine(bp.rel_scan([bl.counter], bl.energy, -10, 10, 3))
    assert bl.energy.position == pytest.approx(7112.0)


def test_grid_scan(engine, docs, bl):
    engine(bp.grid_scan([bl.counter], bl.energy, 7100, 7110, 2, bl.dcm.pitch, -1, 1, 3))
    assert len(docs.events()) == 6


def test_adaptive_scan(engine, docs, bl):
    bl.fake.scaler.counts[2] = lambda n: 1000.0 * n
    engine(bp.adaptive_scan([bl.counter], "i0", bl.dcm.pitch, 0, 10, 0.5, 5, 1000, True))
    assert len(docs.events()) > 2


def test_two_things_that_tell_the_gap_in_one_event(engine, docs, bl):
    engine(bp.scan([bl.counter, bl.energy], bl.undulator.gap, 10, 11, 2))
    assert docs.events()[-1]["undulator_gap"] == docs.events()[-1]["energy_gap"] == 11.0


def test_baseline_around_a_run(engine, docs, bl):
    engine.preprocessors.extend(bl.preprocessors)
    engine(bp.count([bl.counter], 1))
    before, after = docs.events("baseline")
    assert before.keys() == after.keys()
    assert {"dcm_bragg", "undulator_gap", "ring_current", "shutter", "energy"} <= before.keys()


def test_shutter_and_moves_by_stubs(engine, bl):
    engine(bps.mv(bl.shutter, "open", bl.counter.preset_time, 0.1))
    assert bl.shutter.is_open
    assert bl.counter.preset_time.get() == 0.1


def test_live_table_is_right_without_a_word(engine, bl, capsys):
    from bluesky.callbacks.best_effort import BestEffortCallback

    callback = BestEffortCallback()
    callback.disable_plots()
    engine(bp.scan([bl.counter], bl.energy, 7100, 7110, 2), callback)
    table = capsys.readouterr().out
    assert "7100.000" in table
    header = next(line for line in table.splitlines() if "seq_num" in line)
    assert [column.strip() for column in header.strip("|").split("|")] == [
        *("seq_num", "time", "energy"),
        *("i0", "it", "tey"),
    ]
