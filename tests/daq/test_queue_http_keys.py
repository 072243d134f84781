"""Keys for HTTP: made once, nobody else's, and refused where they may have been read."""

import stat

import pytest

from daq.errors import Refused, UsageError
from daq.queue.place import Place
from daq.queue.web.keys import add_user, keys, path_of


@pytest.fixture
def place(tmp_path):
    one = Place("bl09u", tmp_path)
    one.kept.mkdir(parents=True)
    return one


def test_keys_are_made_once_and_only_their_owner_reads_them(place):
    first = keys(place, "root")
    assert set(first["users"]) == {"root"}
    assert len(first["secret"]) == 64
    assert stat.S_IMODE(path_of(place).stat().st_mode) == 0o600
    assert keys(place, "somebody else") == first
    key = add_user(place, "curie", "root")
    assert keys(place, "root")["users"] == {**first["users"], "curie": key}
    assert add_user(place, "curie", "root") != key
    assert stat.S_IMODE(path_of(place).stat().st_mode) == 0o600


def test_what_others_may_have_read_is_not_used(place):
    keys(place, "root")
    path_of(place).chmod(0o640)
    with pytest.raises(Refused, match=r"others may read it \(mode 640\)"):
        keys(place, "root")
    path_of(place).chmod(0o600)
    path_of(place).write_text('{"secret": 1}')
    with pytest.raises(Refused, match="is damaged"):
        keys(place, "root")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "é" * 65, 'x"'])
def test_bad_names_are_refused(place, name):
    with pytest.raises(UsageError, match="letters, digits"):
        add_user(place, name, "root")
