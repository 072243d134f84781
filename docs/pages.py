"""Reference pages made from the code: `python -m docs.pages` writes them, a contract test keeps them current."""

from __future__ import annotations

import argparse
import inspect
import json
import re
from pathlib import Path
from typing import Any, get_type_hints

import docstring_parser

import plans
from daq import cli, plan_call

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/reference"
NOTE = "<!-- made from the code by `make schema`; edit that instead -->\n"


def plans_page() -> str:
    """Return the page of Terasu's plans: signature, what it does, parameters, what is refused."""
    lines = [NOTE, "# Plans\n"]
    lines += [
        "What `terasu run BEAMLINE PLAN …` and the shell take by name, besides all of `bluesky.plans`. Parameters that",
        "play a role at every beamline are filled in where they are left out.\n",
    ]
    for name in sorted(plans.__all__):
        plan = getattr(plans, name)
        if inspect.isgeneratorfunction(plan):
            lines += _plan(name, plan)
    return "\n".join(lines).rstrip() + "\n"


def _plan(name: str, plan: Any) -> list[str]:
    text = docstring_parser.parse(inspect.getdoc(plan) or "", docstring_parser.DocstringStyle.NUMPYDOC)
    by_role = plan_call.roles(plan)
    told = {key.strip(): one.description or "" for one in text.params for key in one.arg_name.split(",")}
    hints = get_type_hints(plan)
    lines = [f"## {name}\n", _joined(text.short_description), ""]
    if text.long_description:
        lines += [_joined(text.long_description), ""]
    lines += ["| parameter | default | meaning |", "|---|---|---|"]
    for key, one in inspect.signature(plan).parameters.items():
        if key in by_role:
            default = f"the beamline's `{by_role[key]}`"
        else:
            default = "" if one.default is one.empty else f"`{one.default!r}`"
        meaning = told.get(key) or _type_name(hints.get(key))
        lines.append(f"| `{key}` | {default} | {_joined(meaning)} |")
    lines.append("")
    if text.raises:
        lines += ["Refused:\n", *(f"- `{one.type_name}`: {_joined(one.description)}" for one in text.raises), ""]
    return lines


def _type_name(hint: Any) -> str:
    return re.sub(r"\b(?:\w+\.)+", "", getattr(hint, "__name__", None) or str(hint))


def command_page() -> str:
    """Return the page of the command line: every command with its arguments."""
    lines = [NOTE, "# Command line\n", "What they are for is told in [Commands](commands.md).\n"]
    for words, parser, brief in _parsers(cli.parser(), "terasu"):
        lines += [f"## {words}\n", _joined(parser.description or brief), ""]
        rows = [_argument(one) for one in parser._actions if one.dest != "help" and not _is_subparsers(one)]  # noqa: SLF001
        if rows:
            lines += ["| argument | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _is_subparsers(action: Any) -> bool:
    return isinstance(action, argparse._SubParsersAction)  # noqa: SLF001


def _parsers(parser: Any, words: str, brief: str = "") -> list[tuple[str, Any, str]]:
    below = [action for action in parser._actions if _is_subparsers(action)]  # noqa: SLF001
    if not below:
        return [(words, parser, brief)]
    briefs = {one.dest: one.help for action in below for one in action._choices_actions}  # noqa: SLF001
    return [
        one
        for action in below
        for name, sub in action.choices.items()
        for one in _parsers(sub, f"{words} {name}", briefs.get(name) or "")
    ]


def _argument(action: Any) -> str:
    choices = "|".join(map(str, action.choices)) if action.choices else ""
    value = "" if action.nargs == 0 else str(action.metavar or choices or action.dest)
    name = _joined(" ".join([*action.option_strings[-1:], *([value] if value else [])]))
    return f"| `{name}` | {_joined(action.help)} |"


def configuration_page() -> str:
    """Return the page of the configuration's keys, by kind of table."""
    lines = [NOTE, "# Keys of the configuration\n"]
    lines.append(
        "Units are the ends of the keys. How the files are read is told in [Configuration](configuration.md).\n"
    )
    tables: dict[str, Any] = {}
    for path in sorted((ROOT / "config/schema").glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        tables.update(schema.get("$defs", {}))
        tables[schema["title"]] = schema
    for name in sorted(tables):
        if "properties" in tables[name]:
            lines += _table(name, tables[name])
    return "\n".join(lines).rstrip() + "\n"


def _table(name: str, schema: Any) -> list[str]:
    lines = [f"## {name}\n", _joined(schema.get("description", "").split("\n\n")[0]), ""]
    lines += ["| key | value | needed |", "|---|---|---|"]
    for key, one in schema["properties"].items():
        lines.append(f"| `{key}` | {_value(one)} | {'yes' if key in schema.get('required', ()) else ''} |")
    return [*lines, ""]


def _value(one: Any) -> str:
    if "const" in one:
        return f"`{json.dumps(one['const'])}`"
    if "enum" in one:
        return ", ".join(f"`{json.dumps(value)}`" for value in one["enum"])
    if "$ref" in one:
        return one["$ref"].rsplit("/", 1)[-1]
    if options := one.get("anyOf") or one.get("oneOf"):
        return " or ".join(dict.fromkeys(_value(option) for option in options))
    kind = one.get("type", "anything")
    if kind == "array":
        kind = f"list of {_value(one.get('items', {}))}"
    limits = [f"{sign} {one[key]:g}" for key, sign in _LIMITS.items() if key in one]
    return ", ".join([kind, *limits])


_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _joined(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").replace("%%", "%").replace("|", "\\|").strip()


PAGES = {"plans.md": plans_page, "command-line.md": command_page, "configuration-keys.md": configuration_page}


def main() -> None:
    """Write all of them."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
