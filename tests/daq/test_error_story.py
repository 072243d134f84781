"""A run that failed says what went wrong first, though its clean-up may have failed too."""

import pytest

from beam.errors import TerasuError
from daq.errors import interrupted, story


class FailedStatus(Exception):
    """As bluesky wraps what a device raised."""


def fail(text):
    try:
        raise TerasuError(text)
    except TerasuError as error:
        raise FailedStatus from error


def test_what_went_wrong_first_comes_first():
    def run():
        try:
            fail("counter: waited 5 s")
        finally:
            fail("shutter: waited 5 s")

    with pytest.raises(FailedStatus) as caught:
        run()
    assert story(caught.value) == "counter: waited 5 s; then shutter: waited 5 s"


def test_an_error_of_somebody_else_still_says_something():
    assert story(ValueError("nothing fits")) == "nothing fits"
    assert story(ZeroDivisionError()) == "ZeroDivisionError"


def test_an_interruption_is_known_however_an_import_wraps_it():
    wrapped = RuntimeError("Error calling __set_name__")
    wrapped.__cause__ = KeyboardInterrupt()
    assert interrupted(wrapped)
    assert interrupted(KeyboardInterrupt())
    assert not interrupted(RuntimeError("Error calling __set_name__"))
