import json

import pytest

from beam.errors import UnknownName
from daq.errors import Refused, UsageError, innermost
from daq.shell.commands import NothingToUndo
from plans.peak import NoPeak


def refused(says, line, kind, match):
    with pytest.raises(Exception, match=match) as caught:
        says(line)
    assert isinstance(innermost(caught.value), kind)


def test_where_all_names_every_axis_once_and_the_rest(says):
    rows = [line.split()[0] for line in says("wa").splitlines()[1:] if line]
    axes = ["energy", "temperature", "potential", "undulator_gap", "dcm_bragg", "dcm_perp", "dcm_pitch"]
    axes += ["dcm_exchange", "white_slits_left", "mirror_pitch", "slits_top", "sample_stage_x", "sample_stage_y"]
    assert [one for one in rows if one in axes] == axes
    assert len(rows) == len(set(rows))
    assert {"front_end", "shutter", "counter", "ring"} <= set(rows)


def test_a_device_that_does_not_answer_is_a_row_and_no_error(says, server, bl):
    server.disconnect(bl.dcm.pitch.facts.prefix)
    row = next(line for line in says("wa").splitlines() if "dcm_pitch" in line)
    assert row.split() == ["dcm_pitch", "—", "urad", "does", "not", "answer"]


def test_moves(says, bl):
    says("mv energy 7112")
    assert bl.energy.position == pytest.approx(7112)
    says("mvr energy -12")
    assert bl.energy.position == pytest.approx(7100)
    assert "energy 7050.000 eV" in says("umv energy 7050")
    says("energy 7000")
    assert "at       7000.000 eV" in says("energy")
    says("mv shutter open")
    assert bl.shutter.is_open


@pytest.mark.parametrize(
    ("line", "kind", "match"),
    [
        ("mv energy 99999", Refused, "2100 … 15000 eV"),
        ("mv enrgy 7000", UnknownName, "energy"),
        ("wm enrgy", UnknownName, "energy"),
        ("tweak counter", UsageError, "no axis"),
        ("save_position", UsageError, "name"),
        ("umv", UsageError, "pairs"),
        ("mv energy", UsageError, "pairs"),
        ("ascan energy 7000 7100", UsageError, "intervals"),
        ("ascan energy 7000 7100 0", Exception, "1 or more"),
        ("ct -1", Exception, "more than 0"),
        ("lastscan", UsageError, "no run yet"),
        ("cen", UsageError, "no scan yet"),
        ("goto nowhere", UnknownName, "nowhere"),
        ("undo", NothingToUndo, "no move yet"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_moves(says, server, line, kind, match):
    before = list(server.writes)
    refused(says, line, kind, match)
    assert server.writes == before


# -- undo --------------------------------------------------------------------------------------------------------


def test_undo_says_what_would_move_and_moves_only_when_told(says, user, bl):
    says("mv energy 7000")
    says("mv energy 7112 dcm.pitch 20")
    user.pending = ["n", "", "y", "y"]
    for _ in range(2):
        shown = says("undo")
        assert "energy     7112.000 → 7000.000 eV" in shown
        assert "dcm_pitch  20.00 → 0.00 urad" in shown
        assert "nothing moved" in shown
    assert bl.energy.position == pytest.approx(7112)
    says("undo")
    assert (bl.energy.position, bl.dcm.pitch.position) == (pytest.approx(7000), 0)
    says("undo")  # of the undoing
    assert bl.energy.position == pytest.approx(7112)


def test_undo_is_held_against_limits_before_it_asks(says, user, bl, server):
    says("mv energy 7000")
    says("mv energy 7112")
    server.post("BL09U:DCM:Bragg.HLM", 16.2)
    refused(says, "undo", Refused, "reaches 7087 …")
    assert user.asked == []


def test_a_scan_is_no_move(says, user, bl):
    says("mv energy 7000")
    says("mv energy 7100")
    says("ascan energy 7110 7120 2 0.1")
    user.pending = ["y"]
    assert "7120.000 → 7000.000 eV" in says("undo")


def test_tweak_goes_by_steps_and_is_undone_as_one(says, user, bl):
    says("mv energy 7000")
    user.pending = ["+", "", "2", "-", "1e9", "-", "what", "q"]
    shown = says("tweak energy 5")
    assert bl.energy.position == pytest.approx(7008)
    assert "reaches" in shown
    user.pending = ["y"]
    assert "7008.000 → 7000.000 eV" in says("undo")


# -- presets and notes -------------------------------------------------------------------------------------------


def test_presets(says, user, bl, commands, tmp_path):
    says("mv energy 7000 dcm.pitch 5")
    saved = says('save_position "sample A"')
    assert "saved 'sample A': energy 7000.000 eV" in saved
    assert "dcm_pitch 5.00 urad" in saved
    says("mv energy 7112 dcm.pitch 7")
    says('save_position "pitch" dcm.pitch')
    user.pending = ["y"]
    shown = says('goto "sample A"')
    assert "energy     7112.000 → 7000.000 eV" in shown
    assert (bl.energy.position, bl.dcm.pitch.position) == (pytest.approx(7000), 5)
    user.pending = ["y"]
    says("goto 'pitch'")
    assert (bl.energy.position, bl.dcm.pitch.position) == (pytest.approx(7000), 7)
    assert "all is there already" in says("goto pitch")
    row = next(line for line in says("positions").splitlines() if "sample A" in line)
    assert "sample A: energy 7000 eV" in row
    assert "dcm_pitch 5 urad" in row
    path = tmp_path / "presets" / "bl09u.simulated" / "2026A0001.jsonl"
    assert commands.desk.presets.path == path
    says('save_position "pitch" dcm.pitch')
    assert [one.name for one in commands.desk.presets.history()] == ["sample A", "pitch", "pitch"]


def test_a_note_between_runs_names_the_last_one(says, commands):
    says("ct 0.1")
    says('note "all is well"')
    says("note no quotes, that's all")
    first, second = map(json.loads, commands.desk.notes.path.read_text().splitlines())
    assert first["text"] == "all is well"
    assert (first["run"], first["after_run"]) == (None, commands.desk.last.start["uid"])
    assert second["text"] == "no quotes, that's all"
    refused(says, "note ", UsageError, "characters")


# -- scans -------------------------------------------------------------------------------------------------------


def with_a_peak(bl, at, sign=1):
    """Let channel 2 count more, or fewer, around an energy."""
    channel = 2
    bl.fake.scaler.counts[channel] = lambda _: 1000 + sign * 900 * 2.718 ** -(((bl.energy.position - at) / 3) ** 2)
    return next(key for key, number in bl.counter.channels.items() if number == channel)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_middle_of_the_peak_and_there(says, user, bl, sign):
    detector = with_a_peak(bl, 7111.0, sign)
    says(f"plot {detector}")
    shown = says("ascan energy 7100 7120 20 0.1")
    assert "success: 21 points" in shown
    assert ("peak" if sign > 0 else "dip") + "        " in shown
    user.pending = ["n", "y"]
    assert "nothing moved" in says("cen")
    assert bl.energy.position == pytest.approx(7120)
    says("com")
    assert bl.energy.position == pytest.approx(7111, abs=0.1)


def test_no_peak_no_move(says, bl):
    bl.fake.scaler.counts = dict.fromkeys(range(10), lambda n: 1000.0)
    says("ascan energy 7100 7120 20 0.1")
    refused(says, "peak", NoPeak, "nothing stands out")
    refused(says, "peak nonsense", UsageError, "it has: ")


def test_points_and_order_of_the_scans(says, bl, commands):
    last = commands.desk.last
    says("mv energy 7000")
    says("dscan energy -10 10 4 0.1")
    assert last.columns["energy"] == pytest.approx([6990, 6995, 7000, 7005, 7010])
    assert bl.energy.position == pytest.approx(7000)
    says("a2scan energy 7000 7010 dcm.pitch 0 4 2 0.2")
    assert last.columns["energy"] == pytest.approx([7000, 7005, 7010])
    assert last.columns["dcm_pitch"] == pytest.approx([0, 2, 4])
    says("mesh energy 7000 7010 1 dcm.pitch 0 4 1 0.2")
    assert last.columns["energy"] == pytest.approx([7000, 7010, 7000, 7010])
    assert last.columns["dcm_pitch"] == pytest.approx([0, 0, 4, 4])
    assert bl.counter.preset_time.get() == pytest.approx(0.2)


def test_the_report_of_a_run_and_again(says, tmp_path):
    says("mv energy 7000")
    shown = says("ascan energy 7000 7010 2 0.1")
    last = shown[shown.index("success: 3 points") :]
    assert "integrity   complete" in last
    path = next(line.split()[1] for line in last.splitlines() if line.strip().startswith("files"))
    assert (tmp_path / path).is_file()
    assert says("lastscan") == last


def test_a_proposal_is_set_once_and_everything_belongs_to_it(says, commands):
    says('save_position "mine"')
    assert says("proposal").strip() == "proposal: 2026A0001"
    says("proposal 2026A0123")
    assert commands.desk.engine.md["proposal"] == "2026A0123"
    assert commands.desk.presets.all() == {}
    assert commands.desk.notes.proposal == "2026A0123"
    with pytest.raises(UsageError, match="letters, digits"):
        commands.line('proposal "../other"')
    assert commands.desk.engine.md["proposal"] == "2026A0123"


def test_a_sample_is_named_at_a_real_beamline_only(says, commands):
    commands.desk.session.clock.simulated = False
    says('sample "LFP pellet 3"')
    assert commands.desk.engine.md["sample"] == {"name": "LFP pellet 3"}
    commands.desk.session.clock.simulated = True
    with pytest.raises(UsageError, match="--sample"):
        commands.line("sample other")
    assert says("sample").strip().endswith("LFP pellet 3")
