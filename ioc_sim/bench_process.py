"""A bench's server process."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from beam import bench as facts
from ioc_sim import options as command_line
from ioc_sim.bench import BenchGroup
from ioc_sim.channels import Channels
from ioc_sim.errors import ServerError
from ioc_sim.publishing import published
from ioc_sim.tango_devices.host import shown
from ioc_sim.timing import Timeline


@contextlib.asynccontextmanager
async def bench(options: argparse.Namespace) -> AsyncIterator[Channels]:
    """Make the channels of a bench."""
    if options.sample:
        raise ServerError(f"{options.what} has no beam: --sample {options.sample} cannot be put into it")
    if options.ring_port is not None:
        raise ServerError(f"{options.what} has no beam: it follows no ring (--ring-port {options.ring_port})")
    identity = command_line.identity(options)
    time = Timeline(identity.make_clock())
    with _files(options.files) as files:
        group = BenchGroup(facts.load(options.what, options.config), identity, time, files)
        async with published(identity.clock == "live", time.show), shown(options.what, group.faces):
            yield group.channels


@contextlib.contextmanager
def _files(asked: Path | None) -> Iterator[Path]:
    """Make the directory that detectors write below."""
    if asked is None:
        with tempfile.TemporaryDirectory(prefix="terasu-files-", ignore_cleanup_errors=True) as directory:
            yield Path(directory)
        return
    try:
        asked.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServerError(f"--files {asked}: {error.strerror}") from error
    yield asked
