"""The catalogue in a PostgreSQL server: runs and tables of points there, arrays in files as ever.

``TERASU_CATALOGUE_POSTGRESQL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE`` asks for it, for every process that works
with the same data directory. The database is made by whoever runs the server, empty; what it then lacks is fed to it
from the journals.
"""

from __future__ import annotations

import asyncio
import os
import warnings
from pathlib import Path
from urllib.parse import urlsplit

from beam.errors import ConfigError
from daq.errors import DataError

VARIABLE = "TERASU_CATALOGUE_POSTGRESQL"
SCHEME = "postgresql"


def asked() -> str | None:
    """Return the address of the database that is asked for; None if none is.

    Raises
    ------
    ConfigError
        It is no address of a PostgreSQL database.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme != SCHEME or not parts.path.strip("/"):
        raise ConfigError(f"{VARIABLE}: {SCHEME}://USER:PASSWORD@HOST:PORT/DATABASE is expected")
    return text


def driver(uri: str) -> str:
    """Return the address as SQLAlchemy's asynchronous engine wants it."""
    return uri.replace(f"{SCHEME}://", f"{SCHEME}+asyncpg://", 1)


def where(uri: str) -> str:
    """Return the address without what nobody else must read."""
    parts = urlsplit(uri)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


def initialise(uri: str, ledger: Path) -> None:
    """Make the tables of the catalogue where there are none; all is fed again then.

    Parameters
    ----------
    uri
        Of the database.
    ledger
        Says what was fed before: of no use for a new database.

    Raises
    ------
    DataError
        The server does not answer, or refuses.
    """
    from sqlalchemy.ext.asyncio import create_async_engine
    from tiled.alembic_utils import UninitializedDatabase, stamp_head
    from tiled.catalog.alembic_constants import ALEMBIC_DIR, ALEMBIC_INI_TEMPLATE_PATH
    from tiled.catalog.core import check_catalog_database, initialize_database

    async def make() -> bool:
        engine = create_async_engine(driver(uri))
        try:
            try:
                await check_catalog_database(engine)
            except UninitializedDatabase:
                await initialize_database(engine)
                return True
            return False
        finally:
            await engine.dispose()

    try:
        made = asyncio.run(make())
    except Exception as error:
        raise DataError(f"the catalogue's database {where(uri)}: {str(error).splitlines()[0]}") from error
    if made:
        ledger.unlink(missing_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # alembic about Tiled's ini file
            stamp_head(Path(ALEMBIC_INI_TEMPLATE_PATH), Path(ALEMBIC_DIR), driver(uri))
