"""The catalogue on disk: Tiled's SQLite database of runs, another of their tables, and a folder of arrays.

Where it is asked for, both databases are one in a PostgreSQL server (`daq.catalogue.postgresql`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daq.catalogue import postgresql
from daq.errors import DataError

SPECS = [{"name": "CatalogOfBlueskyRuns", "version": "3.0"}]
NODES = "catalog.db"
TABLES = "tables.db"
FILES = "files"
LEDGER = "fed.jsonl"


def check(directory: Path) -> None:
    """Raise DataError if one of the databases is none; costs nothing, unlike finding out through Tiled."""
    for name in () if postgresql.asked() else (NODES, TABLES):
        path = directory / name
        if not path.exists():
            continue
        database = sqlite3.connect(path)
        try:
            database.execute("PRAGMA schema_version").fetchone()
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{path}: {error}; move {directory} away, and the catalogue is made anew from the journals"
            ) from error
        finally:
            database.close()


def initialise(directory: Path) -> None:
    """Create the databases where there are none.

    Tiled's own ``init_if_not_exists`` does it in a process of its own that imports everything again; this is the
    same in 0.2 s. The database gets its final name only when it is complete.
    """
    (directory / FILES).mkdir(parents=True, exist_ok=True)
    if (external := postgresql.asked()) is not None:
        postgresql.initialise(external, directory / LEDGER)
        return
    # readers in other processes must never block the writer, nor it them
    with sqlite3.connect(directory / TABLES) as tables:
        tables.execute("PRAGMA journal_mode=WAL")
    tables.close()
    final = directory / NODES
    if final.exists():
        return
    (directory / LEDGER).unlink(missing_ok=True)  # of a database that was taken away: all is fed again
    from sqlalchemy.ext.asyncio import create_async_engine
    from tiled.alembic_utils import stamp_head
    from tiled.catalog.alembic_constants import ALEMBIC_DIR, ALEMBIC_INI_TEMPLATE_PATH
    from tiled.catalog.core import initialize_database

    begun = directory / f"{NODES}.new"
    for leftover in directory.glob(f"{NODES}.new*"):
        leftover.unlink()
    uri = f"sqlite+aiosqlite:///{begun}"

    async def create() -> None:
        engine = create_async_engine(uri)
        try:
            await initialize_database(engine)
        finally:
            await engine.dispose()

    asyncio.run(create())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # alembic about Tiled's ini file
        stamp_head(Path(ALEMBIC_INI_TEMPLATE_PATH), Path(ALEMBIC_DIR), uri)
    with sqlite3.connect(begun) as done:
        done.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    done.close()
    begun.rename(final)


def tree(directory: Path, files: Sequence[Path] = ()) -> Any:
    """Return the catalogue for the process that writes it; it also reads what detectors wrote below `files`."""
    from tiled.catalog import from_uri

    external = postgresql.asked()
    return from_uri(
        f"sqlite+aiosqlite:///{directory / NODES}" if external is None else postgresql.driver(external),
        specs=SPECS,
        writable_storage=[str(directory / FILES), tables_uri(directory)],
        readable_storage=[str(one) for one in files],
    )


def tables_uri(directory: Path) -> str:
    """Return the address of the tables' database as Tiled writes it."""
    return postgresql.asked() or f"sqlite:///{directory / TABLES}"
