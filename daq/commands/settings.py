"""`terasu settings`: what was measured at a beamline, in versions: who set what, when, and from which run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from daq import options, paths
from daq.errors import UsageError
from daq.say import say
from daq.timestamps import iso

if TYPE_CHECKING:
    from daq.settings import Setting, SettingsStore, Version


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "settings",
        help="show and change what was measured at a beamline",
        description=__doc__,
        epilog='Example: terasu settings set bl09u dcm.bragg_offset_deg=0.0012 --run 1f3a… --why "Fe foil"',
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("beamline", metavar="BEAMLINE")
    common.add_argument("--sim", action="store_true", help="those of the simulated beamline, which are kept apart")
    options.add_config(common)
    options.add_data(common)
    changing = argparse.ArgumentParser(add_help=False)
    changing.add_argument("--why", metavar="TEXT", default="", help="recorded with the version")
    changing.add_argument("--operator", metavar="NAME", help="who sets it (default: the user logged in)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|diff|revert|set")

    one = actions.add_parser("show", parents=[common], help="the values that hold, or those of a version")
    one.add_argument("--version", metavar="N", type=_number, help="of that version (default: the latest)")
    one.add_argument("--history", action="store_true", help="list all versions")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=_show)

    one = actions.add_parser("diff", parents=[common], help="what changed between two versions")
    one.add_argument("before", metavar="A", type=_number, nargs="?", help="default: the version before B")
    one.add_argument("after", metavar="B", type=_number, nargs="?", help="default: the latest")
    one.set_defaults(run=_diff)

    one = actions.add_parser("revert", parents=[common, changing], help="let the values of a version hold again")
    one.add_argument("version", metavar="N", type=_number, help="0 for the defaults")
    one.set_defaults(run=_revert)

    one = actions.add_parser("set", parents=[common, changing], help="set values; NAME= brings the default back")
    one.add_argument("changes", metavar="NAME=VALUE", nargs="+")
    one.add_argument("--run", dest="uid", metavar="UID", help="the run that it was measured with")
    one.set_defaults(run=_set)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: a version is a whole number, 0 or more")
    return int(text)


def _show(arguments: argparse.Namespace) -> int:
    store, known = _opened(arguments)
    version = store.latest() if arguments.version is None else store.at(arguments.version)
    if arguments.json:
        history = [asdict(one) for one in store.history()] if arguments.history else None
        say(json.dumps(asdict(version) | ({} if history is None else {"history": history})))
        return 0
    if arguments.history:
        for one in store.history():
            say(_headline(one))
        return 0
    set_by = {name: one for one in store.history()[: version.version] for name in one.changes}
    say(_headline(version) if version.version else "version 0: nothing was set")
    for name in sorted(known.keys() | version.values.keys()):
        value, setting = version.values.get(name), known.get(name)
        if setting is None:
            say(f"  {name:<28} {value!r:>14}  unknown to this configuration")
        elif value is None:
            say(f"  {name:<28} {setting.default:>14.9g} {setting.unit:<4} default: {setting.meaning}")
        else:
            say(f"  {name:<28} {value:>14.9g} {setting.unit:<4} version {set_by[name].version}: {setting.meaning}")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    store, known = _opened(arguments)
    after = store.latest() if arguments.after is None else store.at(arguments.after)
    before = store.at(max(0, after.version - 1) if arguments.before is None else arguments.before)
    say(f"version {before.version} -> {after.version}")
    for name in sorted(before.values.keys() | after.values.keys()):
        if before.values.get(name) != after.values.get(name):
            unit = known[name].unit if name in known else ""
            old, new = (_value(one.values.get(name)) for one in (before, after))
            say(f"  {name:<28} {old} -> {new} {unit}".rstrip())
    return 0


def _revert(arguments: argparse.Namespace) -> int:
    store, known = _opened(arguments)
    from daq.settings.known import find_setting

    for name, value in store.at(arguments.version).values.items():
        find_setting(known, name).checked(value)
    say(_headline(store.revert(arguments.version, why=arguments.why, who=arguments.operator)))
    return 0


def _set(arguments: argparse.Namespace) -> int:
    store, known = _opened(arguments)
    changes: dict[str, float | None] = {}
    for word in arguments.changes:
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"{word!r}: NAME=VALUE is expected; NAME= brings the default back")
        if name in changes:
            raise UsageError(f"{name} is given twice")
        changes[name] = _checked(known, store, name, text)
    run = _uid(arguments) if arguments.uid else None
    say(_headline(store.set(changes, why=arguments.why, run=run, who=arguments.operator)))
    return 0


def _checked(known: dict[str, Setting], store: SettingsStore, name: str, text: str) -> float | None:
    from daq.settings.known import find_setting

    if text:
        return find_setting(known, name).parsed(text)
    if name not in store.latest().values:  # what the configuration no longer knows can be unset all the same
        find_setting(known, name)
    return None


def _uid(arguments: argparse.Namespace) -> str:
    from daq.catalogue import runs

    return runs.find(paths.data_dir(arguments.data), arguments.uid).uid


def _opened(arguments: argparse.Namespace) -> tuple[SettingsStore, dict[str, Setting]]:
    from beam import facts
    from daq.settings import SettingsStore, known_settings

    _, beamline = facts.load(arguments.beamline, arguments.config)
    store = SettingsStore(paths.data_dir(arguments.data), beamline.beamline, simulated=arguments.sim)
    return store, known_settings(beamline)


def _headline(one: Version) -> str:
    changes = ", ".join(f"{name} = {_value(value)}" for name, value in one.changes.items())
    run = f", from run {one.run[:8]}" if one.run else ""
    why = f" ({one.why})" if one.why else ""
    return f"version {one.version}: {iso(one.time)} {one.who}@{one.host}{run}{why}: {changes}"


def _value(value: float | None) -> str:
    return "default" if value is None else f"{value:.9g}"
