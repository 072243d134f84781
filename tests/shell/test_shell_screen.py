"""What is drawn and erased, by the control characters themselves; the plot, the progress, the choice of a plot."""

import io
import math
from types import SimpleNamespace

import pytest

from daq.shell import live_plot, screen
from daq.shell.progress import Progress, clock
from daq.shell.screen import Screen
from daq.shell.text_plot import draw


def test_lines_go_above_an_area_that_is_erased_and_drawn_again(monkeypatch):
    monkeypatch.setattr(screen, "REDRAW_S", -1.0)
    out = io.StringIO()
    one = Screen(out, live=True)
    one.show(["plot", "bar"])
    one.write("row")
    assert out.getvalue() == "plot\nbar"  # a line that has not ended would be drawn over
    one.write("\n")
    assert out.getvalue() == "plot\nbar" + "\r\x1b[1A\x1b[J" + "row\n" + "plot\nbar"
    one.show([])
    assert out.getvalue().endswith("bar\r\x1b[1A\x1b[J")


def test_without_a_terminal_there_are_lines_alone():
    out = io.StringIO()
    one = Screen(out)
    one.show(["bar"])
    one.say("row")
    assert out.getvalue() == "row\n"


def test_an_area_never_wraps(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: (30, 5))
    out = io.StringIO()
    Screen(out, live=True).show(["x" * 100, *"abcd"])
    assert out.getvalue() == "b\nc\nd"
    Screen(out, live=True).show(["y" * 100])
    assert out.getvalue().endswith("d" + "y" * 29)


def test_a_plot_has_its_size_its_ends_and_its_curve():
    lines = draw([0, 1, 2], [0, 1, 0], width=40, height=9, x_label="x", y_label="y")
    assert len(lines) == 9
    assert all(len(line) <= 40 for line in lines)
    assert lines[0].strip() == "y"
    assert lines[1].startswith("1 ┤")
    assert lines[6].startswith("0 ┤")
    assert lines[-1].split() == ["0", "x", "2"]
    top, bottom = lines[1].split("┤")[1], lines[6].split("┤")[1]
    assert top.strip("\u2800")
    assert not top.startswith(bottom[0])
    assert top[0] == "\u2800" != bottom[0]


@pytest.mark.parametrize(("x", "y"), [([], []), ([1], [math.nan]), ([math.inf], [1])])
def test_no_points_no_plot(x, y):
    assert draw(x, y, width=40, height=9) == []


def test_one_value_has_its_dot():
    lines = draw([5], [5], width=40, height=9)
    assert sum(one.split("┤")[1].strip("\u2800") != "" for one in lines if "┤" in one) == 1


@pytest.mark.parametrize(
    ("environ", "kit", "kind"),
    [
        ({}, "TkAgg", "text"),
        ({"DISPLAY": ":0"}, "TkAgg", "window"),
        ({"DISPLAY": ":0"}, None, "text"),
        ({"WAYLAND_DISPLAY": "w"}, "GTK4Agg", "window"),
        ({"DISPLAY": "localhost:10", "SSH_CONNECTION": "a b"}, "TkAgg", "text"),
    ],
)
def test_which_plot_fits_where_one_is(monkeypatch, environ, kit, kind):
    monkeypatch.setattr(live_plot, "toolkit", lambda: kit)
    assert live_plot.kind_of_plot("auto", environ) == kind
    assert live_plot.kind_of_plot("none", environ) == "none"


def test_time_left_is_foreseen_and_then_measured(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("daq.shell.progress.time.monotonic", lambda: now[0])
    one = Progress(SimpleNamespace(under_way=[]), lambda: 50.0)
    assert one.line() == ""
    one("start", {"num_points": 10})
    one("descriptor", {"name": "primary", "uid": "d"})
    now[0] += 10
    assert one.line().endswith("0/10  0:40 left")
    for _ in range(5):
        one("event", {"descriptor": "d"})
        now[0] += 9
    assert one.done == 5
    assert one.left_s() == pytest.approx(5 * 45 / 4.5)
    one("stop", {})
    assert one.line() == ""
    assert [clock(59.6), clock(3725)] == ["1:00", "1:02:05"]
