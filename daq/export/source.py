"""Where an export takes a run from: its journal, which is complete as soon as the run is, else the catalogue."""

from __future__ import annotations

from pathlib import Path

from daq import configuration_record, journal_reader, paths
from daq.errors import DataError
from daq.export.joined import joined
from daq.export.run_data import RunData


def from_journal(data_dir: Path, uid: str) -> RunData:
    """Return the run of this whole uid, with the configuration under which it was taken.

    Raises
    ------
    DataError
        If there is no journal of it.
    """
    journal = journal_reader.find(paths.journal_dir(data_dir), uid)
    run = RunData.from_documents(journal_reader.read(journal).documents)
    run.configuration = configuration_record.find(data_dir, run.start.get("config_hash"))
    return run


def from_anywhere(data_dir: Path, uid: str, *, whole: bool = True) -> RunData:
    """Return the run whose uid begins so, or the last one.

    Parameters
    ----------
    data_dir
        The data directory.
    uid
        Its beginning, or ``last``.
    whole
        Whether a scan that was interrupted and resumed is returned as one, whichever of its runs is named.
    """
    from daq.catalogue import runs

    found = runs.find(data_dir, uid)
    if not whole:
        return _one(data_dir, found.uid)
    return joined([_one(data_dir, one.uid) for one in runs.chain(data_dir, found)])


def _one(data_dir: Path, whole: str) -> RunData:
    """Return one run: from its journal, or from the catalogue without one."""
    try:
        return from_journal(data_dir, whole)
    except DataError:
        if any(paths.journal_dir(data_dir).glob(f"*/{whole}.*")):
            raise  # there is one, and it is damaged: that must be said
    from daq.catalogue import find_run

    found = find_run(data_dir, whole)
    try:
        run = RunData.from_catalogue(found)
    finally:
        found.context.http_client.close()
    run.configuration = configuration_record.find(data_dir, run.start.get("config_hash"))
    return run
