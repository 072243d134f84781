import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daq.errors import DataError
from daq.journal_line import decode, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["$float", "$int", "$dict", "$"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_every_json_value_comes_back_as_it_was(doc):
    name, back = decode(encode("event", doc))
    assert name == "event"
    assert back == doc
    assert repr(back) == repr(doc)  # tells 1 from 1.0 and True, and -0.0 from 0.0


def test_numbers_that_json_has_no_word_for_survive():
    doc = {"a": math.nan, "b": [math.inf, -math.inf], "c": np.float64("nan"), "d": 2**200, "e": None}
    _, back = decode(encode("event", doc))
    assert math.isnan(back["a"])
    assert back["b"] == [math.inf, -math.inf]
    assert math.isnan(back["c"])
    assert back["d"] == 2**200
    assert back["e"] is None


def test_numpy_values_survive():
    arrays = {
        "c": np.arange(6.0).reshape(2, 3),
        "fortran": np.arange(6).reshape(2, 3).T,
        "swapped": np.arange(3, dtype=">i4"),
        "text": np.array(["a", "b"]),
        "holes": np.array([[1.0, np.nan], [np.inf, 2.0]]),
        "empty": np.zeros((0, 3)),
        "wide": np.array([2**64 - 1], dtype=np.uint64),
    }
    _, back = decode(encode("event", {**arrays, "scalar": np.int32(7), "truth": np.bool_(True)}))
    for name, array in arrays.items():
        np.testing.assert_array_equal(np.array(back[name], dtype=array.dtype).reshape(array.shape), array)
    assert back["scalar"] == 7
    assert back["truth"] is True


def test_a_line_is_one_line():
    assert encode("event", {"text": "a\nb\r\x0b\x85 "}).count(b"\n") == 1


def test_paths_sets_and_number_keys_are_written_plainly():
    _, back = decode(encode("start", {"path": Path("/a/b"), "set": {2, 1}, "keys": {1: "one"}}))
    assert back == {"path": "/a/b", "set": [1, 2], "keys": {"1": "one"}}


@pytest.mark.parametrize(("value", "said"), [(object(), "object"), (b"x", "bytes"), (1j, "complex")])
def test_what_cannot_be_recorded_is_refused_by_place_and_type(value, said):
    with pytest.raises(DataError, match=rf"event\.data\.det\[1\]: {said}"):
        encode("event", {"data": {"det": [1, value]}})


def test_keys_that_become_the_same_are_refused():
    with pytest.raises(DataError, match="are the same once written"):
        encode("start", {"keys": {1: "a", "1": "b"}})


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"name":"a","doc":1}', b'{"name":"event","doc":{"a"'])
def test_what_is_no_document_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011  the parser's own words
        decode(line)
