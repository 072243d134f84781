"""Runs to record: documents of a real run engine with the data keys that a beamline's own devices will have."""

import copy
import math
import time
import uuid

import numpy as np
import pytest

POINTS = 121
DARK_I0, DARK_IT = 500.0, 200.0
EDGE_EV = 7112.0
COUNT_TIME_S = 0.5
D_ANGSTROM = 5.4310205 / math.sqrt(3)


def model_mu(energy_ev):
    """Return a model edge with its inflection at EDGE_EV, with a fine structure that starts softly above it."""
    above = np.clip(energy_ev - EDGE_EV - 8.0, 0.0, None)
    return 0.4 + 1.2 * (0.5 + np.arctan((energy_ev - EDGE_EV) / 1.5) / np.pi) + 0.03 * np.sin(above / 4.0)


def counts(energy_ev):
    """Return what the chambers count in COUNT_TIME_S, dark included."""
    i0 = 2.0e5 - 20.0 * (energy_ev - 7000.0)
    return round(i0 + DARK_I0 * COUNT_TIME_S), round(i0 * math.exp(-model_mu(energy_ev)) + DARK_IT * COUNT_TIME_S)


@pytest.fixture(scope="session")
def spectrum_documents():
    """Return the documents of one XAS run: dark, baseline, primary."""
    import bluesky.plan_stubs as bps
    import bluesky.preprocessors as bpp
    from bluesky.run_engine import RunEngine
    from ophyd.sim import SynAxis, SynSignal

    class WithUnit(SynSignal):
        def __init__(self, func, name, unit):
            super().__init__(func=func, name=name)
            self.unit = unit

        def describe(self):
            described = super().describe()
            described[self.name]["units"] = self.unit
            return described

    energy = SynAxis(name="energy", value=7000.0)
    light = {"on": False}

    def now():
        return float(energy.readback.get())

    def i0():
        return counts(now())[0] if light["on"] else round(DARK_I0 * COUNT_TIME_S)

    def it():
        return counts(now())[1] if light["on"] else round(DARK_IT * COUNT_TIME_S)

    def bragg():
        return math.degrees(math.asin(12398.419843320026 / (2 * D_ANGSTROM * now())))

    chambers = [WithUnit(i0, "i0", ""), WithUnit(it, "it", ""), WithUnit(lambda: COUNT_TIME_S, "count_time", "s")]
    others = [
        WithUnit(lambda: 1, "energy_harmonic", ""),
        WithUnit(lambda: 9.5 + (now() - 7100) * 1e-3, "energy_gap", "mm"),
        WithUnit(bragg, "energy_bragg", "deg"),
        WithUnit(lambda: 399.5, "ring_current", "mA"),
    ]
    pitch = WithUnit(lambda: 0.25, "dcm_pitch", "urad")
    energies = np.r_[np.arange(7062.0, 7102.0, 5.0), np.arange(7102.0, 7132.0, 0.3), np.arange(7132.0, 7190.0, 5.0)]
    metadata = {
        "plan_name": "xas",
        "plan_args": {"edge": "Fe K"},
        "beamline": "bl09u",
        "beamline_title": "BL09U X-ray operando spectroscopy",
        "sample": {"name": "model foil", "description": "a model, not a measurement", "provenance": "computed"},
        "operator": "somebody",
        "simulated": True,
        "seed": 2**60 + 1,
        "not_a_number": math.nan,
        "comment": "first line\nsecond line",
    }

    @bpp.baseline_decorator([pitch])
    @bpp.run_decorator(md=metadata)
    def plan():
        yield from bps.mv(energy, energies[0])
        yield from bps.trigger_and_read(chambers, name="dark")
        light["on"] = True
        for one in energies:
            yield from bps.mv(energy, one)
            yield from bps.trigger_and_read([energy, *chambers, *others])

    documents = []
    RunEngine({})(plan(), lambda name, doc: documents.append((name, copy.deepcopy(doc))))
    return documents


@pytest.fixture
def new_run(spectrum_documents):
    """Return a function that gives the documents of the run again, as another run."""

    def renew(uid=None):
        uids = {}
        for name, doc in spectrum_documents:
            if name in ("start", "descriptor"):
                uids[doc["uid"]] = (uid if name == "start" else None) or str(uuid.uuid4())
        renewed = []
        for name, doc in copy.deepcopy(spectrum_documents):
            for key in ("uid", "run_start", "descriptor"):
                if doc.get(key) in uids:
                    doc[key] = uids[doc[key]]
            if name == "start":
                doc["time"] = time.time()
            renewed.append((name, doc))
        return renewed

    return renew


@pytest.fixture
def data(tmp_path):
    """Return a data directory of this test's own, whose catalogue process ends with the test."""
    from daq.catalogue import stop_catalogue

    directory = tmp_path / "data with a space"
    yield directory
    stop_catalogue(directory)


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory):
    """Return a data directory that the tests share, with its catalogue process (a killed one is started again)."""
    from daq.catalogue import ensure_catalogue, stop_catalogue

    directory = tmp_path_factory.mktemp("shared")
    ensure_catalogue(directory, wait=False)
    yield directory
    stop_catalogue(directory)


@pytest.fixture
def record(new_run):
    """Return a function that records a run in a data directory and returns its uid."""
    from daq.journal import Journal

    def recorded(data, uid=None, change=lambda documents: documents):
        documents = change(new_run(uid))
        journal = Journal(data / "journal")
        for one in documents:
            journal(*one)
        return documents[0][1]["uid"]

    return recorded


@pytest.fixture
def opened():
    """Return a function that opens a catalogue, or one of its runs, until the test ends."""
    from daq.catalogue import find_run, open_catalogue

    clients = []

    def open_one(data, uid=None):
        clients.append(open_catalogue(data) if uid is None else find_run(data, uid))
        return clients[-1]

    yield open_one
    for one in clients:
        one.context.http_client.close()
