"""Conditions: what is written is understood, and nothing else is."""

import math

import pytest

from beam.condition import Condition


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("a:State == Open", "Open", True),
        ("a:State == Open", "Opening", False),
        ("a:State != Fault", "Open", True),
        ("a:m1.RBV<50", 49.9, True),
        ("a:m1.RBV < 50", 50.0, False),
        ("a:m1.RBV >= -1e3", -1000.0, True),
        ("X{a-b:1}Mtr.DMOV == 1", 1, True),
        ("a:m1 != 5", math.nan, False),
        ("a:m1 < 5", math.nan, False),
        ("a:m1 <= 5", "4", False),
        ("a:State == Open", 1.0, False),
        ("a:State == Beam on", "Beam on", True),
    ],
)
def test_a_condition_holds_or_not(text, value, holds):
    assert Condition.parse(text).holds(value) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:b",
        "a:b = 1",
        "a:b == ",
        "a:b == 1 and c:d == 2 or __import__('os')",
        "f(a) == 1",
        "a b == 1",
        "a:b == 'x'",
        "a:b == 1\n",
        "a:b < Open",
        "a:b > nan",
        "a" * 61 + " == 1",
        "a:b == " + "x" * 40,
    ],
)
def test_anything_else_is_no_condition(text):
    with pytest.raises(ValueError, match=r"a condition is|needs a number"):
        Condition.parse(text)


def test_it_is_written_as_it_is_read():
    assert str(Condition.parse("a:m1.RBV<50")) == "a:m1.RBV < 50"
