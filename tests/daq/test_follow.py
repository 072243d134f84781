"""A run whose disk or server refuses it for a while is not given up: it is delayed, says why, and tried again."""

import resource

import httpx
import pytest

from daq.catalogue.follow import Follow
from daq.journal_line import encode
from daq.journal_reader import read


@pytest.fixture
def journal(tmp_path, new_run):
    """The journal of a run, as far as asked for; its writer is gone."""

    def write(documents):
        path = tmp_path / f"{documents[0][1]['uid']}.jsonl"
        path.write_bytes(b"".join(encode(*one) for one in documents))
        return path

    return lambda end: write(new_run()[:end])


@pytest.fixture
def full_disk():
    """Return a function that lets files grow to a size only, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size if size else soft, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class FailingServer:
    """A Tiled client whose server answers every request so."""

    def __init__(self, status):
        self.status = status

    def __getattr__(self, name):
        request = httpx.Request("POST", "http://127.0.0.1/")
        raise httpx.HTTPStatusError("no", request=request, response=httpx.Response(self.status, request=request))


def test_an_abandoned_run_is_closed_when_the_disk_has_room_again(journal, full_disk, monkeypatch):
    path = journal(20)
    before = path.read_bytes()
    one = Follow(path)
    full_disk(len(before) + 40)
    one.look()
    full_disk(None)
    assert (one.state, one.due()) == ("delayed", False)
    assert "File too large" in one.reason
    assert path.read_bytes() == before
    one.look()  # too early to try again
    assert one.state == "delayed"
    monkeypatch.setattr(one, "_retry_at", 0.0)
    one.look()
    assert (one.state, one.due()) == ("pending", True)
    assert read(path).documents[-1][1]["exit_status"] == "fail"


@pytest.mark.parametrize(("status", "state"), [(500, "delayed"), (507, "delayed"), (422, "refused")])
def test_a_server_that_fails_is_asked_again_one_that_objects_is_not(journal, monkeypatch, status, state):
    one = Follow(journal(None))
    one.look()
    assert one.state == "pending"
    one.feed(FailingServer(status))
    assert one.state == state
    assert not one.due()
    monkeypatch.setattr(one, "_retry_at", 0.0)
    assert one.due() == (state == "delayed")


def test_a_journal_that_is_gone_is_refused(journal):
    one = Follow(path := journal(20))
    path.unlink()
    one.look()
    assert (one.state, one.reason) == ("refused", "its journal is gone")
