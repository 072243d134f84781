"""What a user writes becomes items, or is refused as a whole; what is known already is not queued again."""

import pytest

from beam.errors import UnknownName
from daq.errors import UsageError
from daq.queue.errors import BadSubmission
from daq.queue.submission import Item, digest, from_file, from_words, look_ahead, submit


def described(name, kind="KEYWORD_ONLY", type_="float", **more):
    return {"name": name, "kind": {"name": kind}, "annotation": {"type": type_}, **more}


OFFERED = {
    "xas": {"parameters": [described("edge", "POSITIONAL_OR_KEYWORD", "str"), described("k_max"), described("md")]},
    "scan": {
        "parameters": [
            described("detectors", "POSITIONAL_OR_KEYWORD", "typing.List[Device]", default="['counter']"),
            {"name": "args", "kind": {"name": "VAR_POSITIONAL"}},
            described("num", type_="int"),
        ]
    },
    "mv": {
        "parameters": [
            {"name": "args", "kind": {"name": "VAR_POSITIONAL"}},
            {"name": "kwargs", "kind": {"name": "VAR_KEYWORD"}},
        ]
    },
}


class FakeClient:
    """A queue in memory that takes a batch whole."""

    user = "curie"

    def __init__(self, place, refuses=()):
        self.place, self.refuses = place, refuses
        self.items, self.history, self.walked = [], [], []

    def look_ahead(self, calls):
        self.walked += calls
        return [
            {"error": f"no {one['name']} today"}
            if one["name"] in self.refuses
            else {"forecast": {"expected_s": 2.0}, "lines": ["fine"]}
            for one in calls
        ]

    def command(self, method):
        if method == "history_get":
            return {"items": self.history}
        return {"items": self.items, "running_item": {}}

    def ask(self, method, *, items, user_group, pos="back"):
        assert (method, user_group) == ("queue_item_add_batch", "primary")
        self.items = [*items, *self.items] if pos == "front" else [*self.items, *items]
        return {"success": True}


class Place:
    def __init__(self, private):
        self.private = private


@pytest.fixture
def client(tmp_path):
    return FakeClient(Place(tmp_path))


@pytest.mark.parametrize(
    ("plan", "words", "args", "kwargs"),
    [
        ("xas", ["Fe K"], ["Fe K"], {}),
        ("xas", ["edge=7", "k_max=12"], [], {"edge": "7", "k_max": 12}),  # what wants text is text
        ("scan", ["energy", "7100", "7110", "3"], [["counter"], "energy", 7100, 7110, 3], {}),
        ("scan", ["[i0,it]", "energy", "1", "2", "num=3"], [["i0", "it"], "energy", 1, 2], {"num": 3}),
        ("mv", ["shutter", "open"], ["shutter", "open"], {}),
        ("mv", ["x", "1", "settle=True"], ["x", 1], {"settle": True}),
    ],
)
def test_words_become_an_item(plan, words, args, kwargs):
    item = from_words(plan, words, OFFERED)
    assert (item.plan, item.args, item.kwargs) == (plan, args, kwargs)


@pytest.mark.parametrize(
    ("plan", "words", "error", "message"),
    [
        ("xsa", [], UnknownName, "unknown plan 'xsa'; did you mean xas"),
        ("xas", ["egde=Fe K"], UnknownName, "unknown parameter of xas 'egde'; did you mean edge?"),
        ("scan", ["args=1"], UnknownName, "unknown parameter of scan 'args'"),
        ("xas", ["edge=Fe K", "edge=Cu K"], UsageError, "xas: edge is given twice"),
    ],
)
def test_words_that_no_plan_takes_are_refused(plan, words, error, message):
    with pytest.raises(error, match=message.replace("?", r"\?")):
        from_words(plan, words, OFFERED)


def test_a_file_becomes_items_with_identifiers(tmp_path):
    path = tmp_path / "night.toml"
    path.write_text(
        'id = "n1"\n[[item]]\nplan = "xas"\nwith.edge = "Fe K"\nrepeat = 2\n'
        '[[item]]\nplan = "scan"\nid = "line"\nargs = ["energy", 1, 2, 3]\n'
    )
    items = from_file(path, OFFERED)
    assert [one.identifier for one in items] == ["n1/1.1", "n1/1.2", "n1/line"]
    assert items[0].kwargs == {"edge": "Fe K"}
    assert items[2].args == [["counter"], "energy", 1, 2, 3]
    assert items[2].record()["meta"]["submission"] == {
        "id": "n1/line",
        "digest": digest(items[2].call),
        "batch": "n1",
    }


def test_a_file_without_a_name_is_known_by_what_it_holds(tmp_path):
    path = tmp_path / "night.toml"
    path.write_text('[[item]]\nplan = "xas"\n')
    first = from_file(path, OFFERED)[0].identifier
    assert from_file(path, OFFERED)[0].identifier == first
    path.write_text('[[item]]\nplan = "xas"\nwith.k_max = 3\n')
    assert from_file(path, OFFERED)[0].identifier != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is expected, once for each plan"),
        ("item = 3", "is expected, once for each plan"),
        ("[[item]", "night.toml"),
        ('[[items]]\nplan = "xas"', "unknown key of .*night.toml 'items'; did you mean item"),
        ('[[item]]\nplann = "xas"', "unknown key of .*item 1 'plann'; did you mean plan"),
        ("[[item]]\nplan = 3", "item 1: plan = NAME is expected"),
        ('[[item]]\nplan = "xas"\nargs = "Fe K"', "args is a list of values"),
        ('[[item]]\nplan = "xas"\nrepeat = 0', "repeat = 0: a whole number from 1 to 10000"),
        ('[[item]]\nplan = "xas"\nrepeat = true', "repeat = True: a whole number"),
        ('[[item]]\nplan = "xas"\nargs = [2026-01-01]', "numbers, text, truth values, lists and tables are allowed"),
        ('[[item]]\nplan = "sax"', "item 1: unknown plan 'sax'.* nothing of the batch was queued"),
        ('[[item]]\nplan = "xas"\nid = "a"\n[[item]]\nplan = "xas"\nid = "a"', "the id '.*/a' is given twice"),
        ('id = 3\n[[item]]\nplan = "xas"', "id must be text"),
    ],
)
def test_a_file_that_is_no_batch_is_refused(tmp_path, text, message):
    path = tmp_path / "night.toml"
    path.write_text(text)
    with pytest.raises((UsageError, UnknownName, BadSubmission), match=message):
        from_file(path, OFFERED)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: No such file or directory"):
        from_file(tmp_path / "none.toml", OFFERED)


def test_each_bad_item_is_named_and_what_is_repeated_is_walked_once(client):
    client.refuses = ("mv",)
    items = [Item("xas"), Item("mv"), Item("xas"), Item("mv", [1])]
    with pytest.raises(BadSubmission) as refused:
        look_ahead(client, items)
    assert str(refused.value) == (
        "item 2, mv: no mv today; item 4, mv: no mv today; nothing of the batch of 4 was queued"
    )
    assert len(client.walked) == 3


def test_what_is_sent_again_is_queued_once_unless_asked_for(client):
    def batch():
        return [Item("xas", identifier=f"n/{n}") for n in (1, 2, 3)]

    assert len(submit(client, batch())) == 3
    client.history, client.items = client.items[:2], client.items[2:]  # two of them ran meanwhile
    assert submit(client, batch()) == []
    assert len(submit(client, [*batch(), Item("xas", identifier="n/4")])) == 1
    assert len(submit(client, batch(), again=True, front=True)) == 3
    assert [one["meta"]["submission"]["id"] for one in client.items] == ["n/1", "n/2", "n/3", "n/3", "n/4"]


def test_an_identifier_stands_for_one_call(client):
    submit(client, [Item("xas", ["Fe K"], identifier="a")])
    with pytest.raises(BadSubmission, match="a was submitted before, with another plan or other arguments"):
        submit(client, [Item("xas", ["Cu K"], identifier="a"), Item("xas", identifier="b")])
    assert len(client.items) == 1


def test_what_has_no_identifier_gets_one_of_its_own(client):
    submit(client, [Item("xas"), Item("xas")])
    assert len({one["meta"]["submission"]["id"] for one in client.items}) == 2
