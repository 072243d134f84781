"""`terasu data`: find runs, look at them, export them, and open them to any Python process."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from daq import options, paths
from daq.say import say
from daq.timestamps import iso

LISTED = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("data", help="list, show and export runs", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="DIR", type=Path, help="data directory (default: TERASU_DATA)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|export|profile")

    one = actions.add_parser("list", parents=[common], help="list runs, the latest first")
    one.add_argument("--limit", metavar="N", type=_count, default=LISTED, help=f"how many (default: {LISTED})")
    one.add_argument("--json", action="store_true", help="print one JSON object a run")

    one = actions.add_parser("show", parents=[common], help="show what a run holds")
    _add_uid(one)
    one.add_argument("--json", action="store_true", help="print one JSON object")

    one = actions.add_parser("export", parents=[common], help="write a run to a file")
    _add_uid(one)
    one.add_argument(
        "file",
        metavar="FILE",
        help="FILE.nxs, .h5, .parquet, .xdi, .csv or .png; auto, auto.xdi …: where the facility's data_path says",
    )
    options.add_config(one)
    one.add_argument("--force", action="store_true", help="overwrite a file that is there")
    one.add_argument("--part", action="store_true", help="of a scan that was resumed, this run only")

    one = actions.add_parser(
        "profile", parents=[common], help='let databroker.from_profile("terasu") open these data anywhere'
    )
    one.add_argument("--name", default="terasu", help="name of the profile (default: terasu)")
    one.add_argument("--force", action="store_true", help="overwrite a profile of that name for other data")
    parser.set_defaults(run=run)


def _add_uid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uid", metavar="UID", help='the run\'s uid, any unambiguous beginning of it, or "last"')


SETTLE_S = 30.0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number from 1 to 10000")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; errors are raised as one clear line."""
    data = paths.data_dir(arguments.data)
    actions = {"list": _list, "show": _show, "export": _export, "profile": _profile}
    return actions[arguments.action](arguments, data)


def _list(arguments: argparse.Namespace, data: Path) -> int:
    from daq.catalogue import runs

    found = runs.latest(data, arguments.limit)
    if arguments.json:
        for one in found:
            say(json.dumps(one.record()))
        return 0
    if not found:
        say(f"no runs in {data}")
        return 0
    say(f"{'uid':<10}{'scan':>6}  {'started':<21}{'status':<9}{'points':>7}  {'plan':<14}sample")
    for one in found:
        when = datetime.fromtimestamp(one.time).strftime("%Y-%m-%d %H:%M:%S")
        number = "" if one.scan_id is None else one.scan_id
        say(f"{one.uid[:8]:<10}{number:>6}  {when:<21}{one.status:<9}{one.points:>7}  {one.plan:<14}{one.sample}")
    return 0


def _show(arguments: argparse.Namespace, data: Path) -> int:
    from daq.catalogue import runs

    one = runs.find(data, arguments.uid)
    if arguments.json:
        say(json.dumps({"start": one.start, "stop": one.stop, "streams": runs.streams(data, one.uid)}))
        return 0
    say(f"run       {one.uid}")
    say(f"status    {one.status}{f': {one.reason}' if one.reason else ''}")
    say(f"started   {iso(one.time)}")
    if one.stop:
        say(f"took      {one.stop['time'] - one.time:.1f} s")
    if len(parts := runs.chain(data, one)) > 1:
        said = " → ".join(f"{part.uid[:8]} ({part.points} points, {part.status})" for part in parts)
        say(f"one scan  {said}; `terasu data export` joins them")
    for name, value in one.start.items():
        if name not in ("uid", "time"):
            say(f"{name:<10}{_short(value)}")
    for name, keys in runs.streams(data, one.uid).items():
        say(f"stream    {name}: {one.events.get(name, '?')} events")
        for key, unit in keys.items():
            say(f"            {key}{f' [{unit}]' if unit else ''}")
    return 0


def _export(arguments: argparse.Namespace, data: Path) -> int:
    from beam import facts
    from daq.export import check_format, check_target, export
    from daq.export.placing import automatic, place
    from daq.export.source import from_anywhere

    facility = facts.load_facility(arguments.config)
    # before the catalogue is even opened
    if suffix := automatic(arguments.file):
        check_format(suffix)
    else:
        check_target(Path(arguments.file).expanduser(), overwrite=arguments.force)
    found = from_anywhere(data, arguments.uid, whole=not arguments.part)
    path = place(arguments.file, found, data, facility)
    say(f"wrote {export(found, path, overwrite=arguments.force)}")
    return 0


def _profile(arguments: argparse.Namespace, data: Path) -> int:
    from daq.catalogue import profile
    from daq.catalogue.start import settle

    settle(data, SETTLE_S)  # so that there is something to open, with all that was measured until now
    path = profile.write(data, arguments.name, overwrite=arguments.force)
    say(f"wrote {path}")
    say(f'in Python: import databroker; databroker.from_profile("{arguments.name}")[uid]')
    return 0


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(one)}" for name, one in value.items())
    return " ".join(str(value).split())
