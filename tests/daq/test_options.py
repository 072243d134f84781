import argparse

import pytest

from daq import options
from daq.cli import parser


@pytest.mark.parametrize("text", ["0", "-1", "nan", "fast", "1e9", "inf"])
def test_a_time_scale_that_makes_no_sense_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="from 1 to 1000"):
        options.time_scale(text)


@pytest.mark.parametrize("text", ["80", "65535", "x", "-3"])
def test_a_port_out_of_range_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="1024 to 65534"):
        options.port(text)


@pytest.mark.parametrize("text", ["-1", "1.5", "2147483648", "x"])
def test_a_seed_out_of_range_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="2147483647"):
        options.seed(text)


def test_usage_errors_end_with_status_2(capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["run", "bl09u"])
    assert ended.value.code == 2
    assert "PLAN" in capsys.readouterr().err


def test_a_seed_that_was_not_given_is_drawn_anew():
    given = parser().parse_args(["run", "bl09u", "count", "--sim"])
    assert options.sim_options(given).seed != options.sim_options(given).seed
