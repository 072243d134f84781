"""The comparison behind `make third-party`: only what the manifest lists, and all of it, run and passed, will do."""

import pytest

from beam import bench
from tests.third_party.manifest import differences, outcomes, suites, summary, survivors

LISTED = ["test_a::one", "test_a::two[x]"]
REPORT = """<testsuites><testsuite>
<testcase classname="test_a" name="one"/>
<testcase classname="test_a" name="two[x]"><skipped message="not today"/></testcase>
<testcase classname="test_a" name="three"><failure>no</failure></testcase>
<testcase classname="test_a" name="four"><error>no</error></testcase>
<testcase classname="test_a" name="five"/>
<testcase classname="test_a" name="five"><error>at its end</error></testcase>
</testsuite></testsuites>"""


def test_a_run_as_listed_has_no_differences():
    assert differences(LISTED, dict.fromkeys(LISTED, "passed")) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"test_a::one": "skipped"}, "test_a::one: skipped"),
        ({"test_a::one": "failed"}, "test_a::one: failed"),
        ({"test_a::two[x]": "error"}, "test_a::two[x]: error"),
        ({"test_b::new": "passed"}, "test_b::new: passed, but the manifest does not list it"),
        ({"test_b::new": "skipped"}, "test_b::new: skipped"),
    ],
)
def test_every_other_ending_is_a_difference(change, line):
    assert differences(LISTED, dict.fromkeys(LISTED, "passed") | change) == [line]


def test_a_missing_test_is_a_difference():
    assert differences(LISTED, {"test_a::one": "passed"}) == ["test_a::two[x]: not collected"]
    assert len(differences(LISTED, {})) == 2


def test_a_test_that_is_listed_twice_is_a_difference():
    assert differences([*LISTED, LISTED[0]], dict.fromkeys(LISTED, "passed")) == ["test_a::one: listed 2 times"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, None),
        ({"test_c::no": "passed"}, "test_c::no: passed, although no true device could pass it"),
        ({"test_c::no": "skipped"}, "test_c::no: skipped, although no true device could pass it"),
        ({"test_c::no": "error"}, "test_c::no: error, although no true device could pass it"),
    ],
)
def test_a_test_that_must_fail_is_run_and_fails(change, line):
    ended = dict.fromkeys(LISTED, "passed") | {"test_c::no": "failed"} | change
    assert differences(LISTED, ended, {"test_c::no": "why"}) == ([line] if line else [])
    assert differences(LISTED, dict.fromkeys(LISTED, "passed"), {"test_c::no": "why"}) == ["test_c::no: not collected"]


def test_a_test_that_cannot_be_run_is_listed_and_is_not():
    ended = dict.fromkeys(LISTED, "passed")
    assert differences(LISTED, ended | {"test_d::odd": "skipped"}, skips=["test_d::odd"]) == []
    assert differences(LISTED, ended | {"test_d::odd": "skipped"}) == ["test_d::odd: skipped"]
    line = "test_d::odd: passed, although it cannot be run here"
    assert differences(LISTED, ended | {"test_d::odd": "passed"}, skips=["test_d::odd"]) == [line]
    assert differences(LISTED, ended, skips=["test_d::odd"]) == ["test_d::odd: not collected"]


def test_only_tests_that_fail_without_the_server_prove_something():
    ended = {"a": "failed", "b": "error", "c": "passed", "d": "skipped"}
    assert survivors(ended) == ["c", "d"]


def test_endings_are_read_from_the_report_and_the_worst_counts():
    ended = outcomes(REPORT)
    assert list(ended.values()) == ["passed", "skipped", "failed", "error", "error"]
    assert summary(ended) == "5 collected, 1 passed, 1 skipped, 3 failed"


def test_the_manifest_lists_tests_once_and_redirects_to_what_the_bench_serves():
    found = suites()
    numbers = {"ophyd motors": 30, "ophyd scalers": 6, "ophyd analysers": 10, "ophyd area detectors": 28}
    assert {name: len(suite.passed) for name, suite in found.items()} == numbers
    assert {name: len(suite.fails) for name, suite in found.items() if suite.fails} == {"ophyd analysers": 2}
    for suite in found.values():
        listed = [*suite.passed, *suite.fails, *suite.skips]
        assert len(set(listed)) == len(listed)
        devices = bench.load(suite.bench).devices.values()
        served = {prefix for device in devices for prefix in (*device.prefixes, *getattr(device, "processors", ()))}
        for addresses in suite.redirect.values():
            assert set(addresses.values()) <= served
