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


def test_only_tests_that_fail_without_the_server_prove_something():
    ended = {"a": "failed", "b": "error", "c": "passed", "d": "skipped"}
    assert survivors(ended) == ["c", "d"]


def test_endings_are_read_from_the_report_and_the_worst_counts():
    ended = outcomes(REPORT)
    assert list(ended.values()) == ["passed", "skipped", "failed", "error", "error"]
    assert summary(ended) == "5 collected, 1 passed, 1 skipped, 3 failed"


def test_the_manifest_lists_tests_once_and_redirects_to_what_the_bench_serves():
    found = suites()
    assert {name: len(suite.passed) for name, suite in found.items()} == {"ophyd motors": 30, "ophyd scalers": 6}
    for suite in found.values():
        assert len(set(suite.passed)) == len(suite.passed)
        served = {prefix for device in bench.load(suite.bench).devices.values() for prefix in device.prefixes}
        for addresses in suite.redirect.values():
            assert set(addresses.values()) <= served
