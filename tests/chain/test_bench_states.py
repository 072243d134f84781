"""Busy records, shutters and valves of a bench, seen by a raw client: who waits for what, and what trips what."""

import caproto as ca
import pytest

from ioc_sim.launch import Simulation

BUSY, VALVE, FIRST, SECOND = "gp:busy1", "gp:valve1:", "gp:shutter1:", "gp:shutter2:"
CLOSED, OPEN = 0, 2


@pytest.fixture(scope="module")
def served():
    with Simulation("bench", time_scale=50.0, seed=5) as simulation:
        yield simulation


@pytest.fixture
def client(served, connect):
    return connect(served.ports["beamline"])


@pytest.fixture
def other(served, connect):
    return connect(served.ports["beamline"])


def test_a_put_of_busy_completes_when_it_is_done(client, other):
    client.subscribe(BUSY)
    first, second = client.start(BUSY, 1), client.start(BUSY, "Busy")
    client.until(lambda: client.latest(BUSY) == 1)
    client.get(BUSY)
    assert not {first, second} & set(client._answers)
    other.put(BUSY, "Done")
    assert client.completed(first)
    assert client.completed(second)
    assert (client.get(BUSY), client.latest(BUSY)) == (0, 0)
    client.put(BUSY, 0)


def test_a_busy_record_can_be_done_by_itself(client):
    client.put(f"{BUSY}.HIGH", 5.0)
    before = client.get("BENCH:SIM:Time")
    client.put(BUSY, 1)
    assert client.get(BUSY) == 0
    assert client.get("BENCH:SIM:Time") - before == pytest.approx(5.0)
    client.put(f"{BUSY}.HIGH", 0.0)
    with pytest.raises(ca.ErrorResponseReceived, match="0 or more"):
        client.put(f"{BUSY}.HIGH", -1.0)


def test_a_busy_records_states_have_names_and_severities(client):
    client.put(f"{BUSY}.ONAM", "Counting")
    assert [one.rstrip(b"\0") for one in client.metadata(BUSY).enum_strings[:2]] == [b"Done", b"Counting"]
    client.put(f"{BUSY}.OSV", "MINOR")
    number = client.start(BUSY, "Counting")
    assert (client.get(BUSY), client.severity(BUSY)) == (1, 1)
    client.put(BUSY, 0)
    assert client.completed(number)
    assert client.severity(BUSY) == 0
    with pytest.raises(ca.ErrorResponseReceived, match=r"gp:busy1.VAL: .*Busy.* cannot be put here"):
        client.put(BUSY, "Busy")
    client.put(f"{BUSY}.ONAM", "Busy")
    client.put(f"{BUSY}.OSV", "NO_ALARM")


def test_an_emptied_text_can_be_written_again(client):
    client.put(f"{BUSY}.DESC", "")
    client.put(f"{BUSY}.DESC", "mine")
    assert client.get(f"{BUSY}.DESC") == "mine"


def test_a_shutter_without_inputs_opens_and_closes(client):
    client.put(f"{SECOND}Open", 1)
    assert client.get(f"{SECOND}State") == OPEN
    client.put(f"{SECOND}Close", 1)
    assert (client.get(f"{SECOND}State"), client.get(f"{SECOND}Status")) == (CLOSED, "closed")


def test_one_motor_closes_a_valve_and_the_valve_a_shutter(client):
    assert client.get(f"{FIRST}Permit") == 0
    with pytest.raises(ca.ErrorResponseReceived, match="gp:valve1:State == Open is needed"):
        client.put(f"{FIRST}Open", 1)
    assert client.get(f"{FIRST}State") == CLOSED
    client.put(f"{VALVE}Open", 1)
    client.put(f"{FIRST}Open", 1)
    assert (client.get(f"{VALVE}State"), client.get(f"{FIRST}State")) == (OPEN, OPEN)
    client.subscribe(f"{VALVE}State", f"{FIRST}State", f"{VALVE}Trip")
    client.put("gp:m8", 60.0)
    client.until(lambda: client.latest(f"{VALVE}State") == client.latest(f"{FIRST}State") == CLOSED)
    assert client.latest(f"{VALVE}Trip") == 1
    assert client.get(f"{VALVE}Permit") == client.get(f"{FIRST}Permit") == 0
    with pytest.raises(ca.ErrorResponseReceived, match=r"cannot be reset: gp:m8.RBV is 60"):
        client.put(f"{VALVE}Reset", 1)
    client.put("gp:m8", 0.0)
    with pytest.raises(ca.ErrorResponseReceived, match="to be reset"):
        client.put(f"{VALVE}Open", 1)
    client.put(f"{VALVE}Reset", 1)
    client.put(f"{VALVE}Open", 1)
    assert (client.get(f"{VALVE}State"), client.get(f"{VALVE}Status")) == (OPEN, "open")


def test_shutters_and_valves_can_be_told_to_be_withdrawn(served, client):
    client.put(f"{SECOND}Open", 1)
    served.faults.set("shutter_permit_withdrawn", SECOND)
    client.put(f"{SECOND}Close", 1)
    assert client.get(f"{SECOND}Status") == "closed; must not open: the safety system does not permit opening"
    served.faults.clear()
    assert client.get(f"{SECOND}Permit") == 1
