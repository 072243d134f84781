"""A catalogue of ten thousand runs: listing the last ones, searching by metadata, opening one by its uid.

It is filled by repeating the rows of one run that was really taken and fed, each time with another uid, time, scan
number and sample, and with its own streams; that is not timed.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.reference import POINTS
from benchmarks.table import Row, interleave

RUNS = 10_000
LISTED = 20
SAMPLES = 100
GOAL_S = 0.2


class FullCatalogue:
    """A catalogue directory with so many runs, and its process."""

    def __init__(self, directory: Path, runs: int = RUNS) -> None:
        from daq.catalogue import ensure_catalogue, open_catalogue, stop_catalogue, wait_until_readable

        self.data = directory / "full"
        uid = _one_run(self.data)
        wait_until_readable(self.data, uid)
        stop_catalogue(self.data)
        self.uids = _repeat(self.data / "catalogue" / "catalog.db", runs - 1)
        ensure_catalogue(self.data)
        self._client: Any = open_catalogue(self.data)
        self._asked = 0

    def list_last(self) -> float:
        """Return the seconds that the last runs take to be listed."""
        from daq.catalogue.runs import latest

        began = time.perf_counter()
        found = latest(self.data, LISTED)
        seconds = time.perf_counter() - began
        assert [one.uid for one in found] == self.uids[: -LISTED - 1 : -1]
        return seconds

    def search(self) -> float:
        """Return the seconds until the runs of one sample are found, and the first of them is there."""
        from tiled.queries import Key

        self._asked += 1
        began = time.perf_counter()
        found = self._client.search(Key("start.sample") == f"sample {self._asked % SAMPLES}")
        number, first = len(found), found.values().first()
        seconds = time.perf_counter() - began
        assert abs(number - len(self.uids) / SAMPLES) <= 1
        assert first.metadata["start"]["sample"] == f"sample {self._asked % SAMPLES}"
        return seconds

    def open(self) -> float:
        """Return the seconds until a run somewhere in the middle is opened by its uid, with its stream."""
        self._asked += 1
        uid = self.uids[(self._asked * 997) % len(self.uids)]
        began = time.perf_counter()
        run = self._client[uid]
        assert "primary" in list(run)
        seconds = time.perf_counter() - began
        assert run.metadata["start"]["uid"] == uid
        return seconds

    def close(self) -> None:
        """End its process."""
        from daq.catalogue import stop_catalogue

        stop_catalogue(self.data)


def _one_run(data: Path) -> str:
    """Take a run of as many points as those of the other rows; return its uid."""
    from bluesky.plans import scan
    from bluesky.run_engine import RunEngine
    from ophyd.sim import det, motor

    from daq import paths
    from daq.journal import Journal

    engine: Any = RunEngine({}, context_managers=[])
    engine.subscribe(Journal(paths.journal_dir(data)))
    (uid,) = engine(scan([det], motor, 0, 1, POINTS, md={"sample": "sample 0"}))
    return str(uid)


def _repeat(database: Path, times: int) -> list[str]:
    """Repeat the only run of a catalogue; return the uids of all runs in the order of their times."""
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = "parent, key, structure_family, metadata, specs"
        nodes: list[Any] = list(connection.execute(f"select id, {columns} from nodes where id > 0 order by id"))
        (run, *inner), key = nodes, nodes[0][2]
        said = json.loads(run[4])
        uids, began = [key], said["start"]["time"]
        for number in range(1, times + 1):
            uid = str(uuid.UUID(int=number + (1 << 96)))
            uids.append(uid)
            sample = f"sample {number % SAMPLES}"
            said["start"] |= {"uid": uid, "time": began + number, "scan_id": number, "sample": sample}
            said["stop"] |= {"run_start": uid, "time": began + number + 0.5}
            made = {run[0]: _insert(connection, columns, (run[1], uid, run[3], json.dumps(said), run[5]))}
            for one in inner:
                made[one[0]] = _insert(connection, columns, (made[one[1]], *one[2:]))
    return uids


def _insert(connection: sqlite3.Connection, columns: str, values: tuple[Any, ...]) -> int:
    cursor = connection.execute(f"insert into nodes ({columns}) values (?, ?, ?, ?, ?)", values)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def catalogue_rows(directory: Path, rounds: int) -> list[Row]:
    """Measure the rows of a full catalogue."""
    full = FullCatalogue(directory)
    rows = [
        Row(f"catalogue of {RUNS} runs: list the last {LISTED}", full.list_last, goal=GOAL_S, absolute=True),
        Row("  ... search by metadata", full.search, goal=GOAL_S, absolute=True),
        Row("  ... open a run by its uid", full.open, goal=GOAL_S, absolute=True),
    ]
    try:
        interleave(rows, rounds)
    finally:
        full.close()
    return rows
