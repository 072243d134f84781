"""Which servers a session takes."""

import pytest

from daq.errors import Refused
from daq.origin import check
from ioc_sim.identity import TOKEN_VARIABLE

MINE, OTHER = "1234", "5678"


@pytest.fixture(autouse=True)
def _told_nothing(monkeypatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


@pytest.mark.parametrize("allowed", [True, False])
def test_real_servers_and_those_that_it_started_are_taken(allowed):
    check({"B:": None, "R:": None}, None, allowed)
    check({"B:": MINE, "R:": MINE}, MINE, allowed)


def test_others_simulations_are_taken_where_that_was_said(monkeypatch):
    check({"B:": OTHER, "R:": OTHER}, None, True)
    with pytest.raises(Refused, match=r"B:… is simulated: --allow-simulated"):
        check({"B:": OTHER, "R:": OTHER}, None, False)
    monkeypatch.setenv(TOKEN_VARIABLE, OTHER)
    check({"B:": OTHER, "R:": OTHER}, None, False)


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize(
    ("tokens", "started", "words"),
    [
        ({"B:": MINE, "R:": None}, MINE, "B:… is simulated and R:… does not say"),
        ({"B:": None, "R:": OTHER}, None, "R:… is simulated and B:… does not say"),
        ({"B:": None, "R:": None}, MINE, "another server answers"),
        ({"B:": MINE, "R:": OTHER}, MINE, "R:… is another simulation"),
    ],
)
def test_what_does_not_belong_together_is_refused(tokens, started, words, allowed):
    with pytest.raises(Refused, match=words):
        check(tokens, started, allowed)


@pytest.mark.parametrize("allowed", [True, False])
def test_silence_is_no_reality_where_a_simulation_was_named(monkeypatch, allowed):
    monkeypatch.setenv(TOKEN_VARIABLE, OTHER)
    with pytest.raises(Refused, match="TERASU_SIM_TOKEN is set, and B:… does not say that it is simulated: unset it"):
        check({"B:": None, "R:": None}, None, allowed)
