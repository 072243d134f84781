"""Plans run on the devices of BL09U over a control system in process."""

import warnings

import pytest

from tests.devices.conftest import bl, bl13u, server, the_facts  # noqa: F401  fixtures


@pytest.fixture
def roles(bl):  # noqa: F811
    return {
        "energy": bl.energy,
        "detectors": bl.roles["detectors"],
        "shutter": bl.shutter,
        "front_end": bl.front_end,
        "ring": bl.ring,
    }


class Documents(list):
    """What a run engine emitted."""

    __hash__ = object.__hash__  # bluesky keeps callbacks in a dictionary

    def take(self, name, doc):
        self.append((name, doc))

    def of(self, name):
        return [doc for kind, doc in self if kind == name]

    def events(self, stream="primary"):
        uids = {doc["uid"] for doc in self.of("descriptor") if doc["name"] == stream}
        return [doc["data"] for doc in self.of("event") if doc["descriptor"] in uids]


@pytest.fixture
def docs():
    return Documents()


@pytest.fixture
def engine(docs):
    from bluesky import RunEngine

    with warnings.catch_warnings():
        made = RunEngine({}, context_managers=[])
    made.subscribe(docs.take)
    yield made
    made.loop.call_soon_threadsafe(made.loop.stop)
    made._th.join(5)
    made.loop.close()
