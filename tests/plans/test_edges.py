import pytest

from beam.errors import UnknownName
from plans.edges import find_edge


@pytest.mark.parametrize("text", ["Fe K", "Fe-K", "FeK", "fe k", "FE_K", " Fe  K "])
def test_all_ways_to_write_an_edge(text):
    edge = find_edge(text)
    assert edge.name == "Fe K"
    assert edge.energy_ev == 7112.0


@pytest.mark.parametrize(
    ("text", "name"),
    [("Pt L3", "Pt L3"), ("PtL3", "Pt L3"), ("SK", "S K"), ("U M5", "U M5"), ("K K", "K K"), ("KK", "K K")],
)
def test_one_letter_elements_and_other_levels(text, name):
    assert find_edge(text).name == name


@pytest.mark.parametrize(("text", "near"), [("Fe X", "Fe K"), ("FeKK", "Fe K"), ("Fe L9", "Fe L")])
def test_unknown_edges_name_the_nearest(text, near):
    with pytest.raises(UnknownName, match=f"unknown edge .*{near}"):
        find_edge(text)


def test_nonsense_is_refused():
    for text in ("", "K", "iron", "7112"):
        with pytest.raises(UnknownName):
            find_edge(text)


@pytest.mark.parametrize(("text", "near"), [("Fe 1s", "Fe K"), ("Cu-edge", "Cu K"), ("iron", "Ir"), ("Xe9", "Xe ")])
def test_what_is_no_edge_names_edges_that_look_like_it(text, near):
    with pytest.raises(UnknownName) as caught:
        find_edge(text)
    assert near in str(caught.value)
    assert "Ac K" not in str(caught.value)
