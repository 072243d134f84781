"""Events are checked without a schema, and what is not plainly right is still refused by it."""

import event_model
import pytest
from bluesky.plan_stubs import mv
from bluesky.plans import count, scan
from bluesky.run_engine import RunEngine
from ophyd.sim import SynAxis, SynGauss, motor

from daq.bundler import Engine, PlainEvents

KEYS = {"det": {"dtype": "number"}, "frames": {"dtype": "array", "external": "STREAM:"}}
RIGHT = {"data": {"det": 1.0}, "timestamps": {"det": 2.0}, "filled": {}}


class Asked:
    """Stands in for the schema of events: counts how often it is asked."""

    def __init__(self, schema):
        self.schema, self.times = schema, 0

    def validate(self, document):
        self.times += 1
        self.schema.validate(document)


@pytest.fixture
def schema(monkeypatch):
    """Yield the schema of events, counted."""
    validators = event_model.schema_validators
    asked = Asked(validators[event_model.DocumentNames.event])
    monkeypatch.setitem(validators, event_model.DocumentNames.event, asked)
    return asked


def documents_of(engine):
    """Run a scan; return its documents without what is new in each run."""
    documents = []
    axis = SynAxis(name="axis")
    engine(mv(axis, 0))
    engine(
        scan([SynGauss("peak", axis, "axis", center=0, Imax=1, sigma=1)], axis, -1, 1, 5),
        lambda *one: documents.append(one),
    )
    changing = {"uid", "time", "timestamps", "run_start", "descriptor", "configuration"}
    return [(name, {key: value for key, value in doc.items() if key not in changing}) for name, doc in documents]


def test_the_schema_is_not_asked_about_each_event(schema):
    stock, ours = RunEngine({}, context_managers=[]), Engine({}, context_managers=[])
    expected = documents_of(stock)
    assert schema.times == 5, "what this test counts by"
    assert documents_of(ours) == expected
    assert schema.times == 5


def test_a_detector_that_says_too_little_is_refused(schema):
    class Silent(SynGauss):
        def read(self):
            return {}

    engine = Engine({}, context_managers=[])
    with pytest.raises(event_model.EventModelValidationError):
        engine(count([Silent("talk", motor, "motor", center=0, Imax=1, sigma=1)]))
    assert schema.times == 1


@pytest.mark.parametrize(
    "change",
    [
        {"data": {}},
        {"data": {"det": 1.0, "frames": "x"}},
        {"timestamps": {"other": 1.0}},
        {"filled": {"det": 1}},
        {"data": [1.0]},
        {"uid": 5},
    ],
)
def test_what_is_not_plainly_right_is_for_the_schema(change):
    plain = PlainEvents(None, KEYS)
    assert plain.plainly_right(RIGHT)
    assert not plain.plainly_right(RIGHT | change)
