"""A line as users of SPEC type it, ``mv energy 7112``, beside Python, in one shell.

A line is one of ours if its first word is a command and it is no Python: ``mv energy 7112`` is a syntax error there,
``mv(energy, 7112)``, ``mv = 3`` and ``energy - 5`` are not. A command's bare name, ``wa``, is ours too. Cells of more
than one line are Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from beam.errors import UnknownName
from beamlines import DeviceTree
from daq import plan_call
from daq.errors import UsageError

RUN = "_terasu_line_"
_WORD = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|\[[^\]]*\]|\([^)]*\)|[^\s"'])+)""")
_EXPRESSION = re.compile(r"[\w.\s+\-*/()%]+")


def transformer(is_command: Callable[[str, bool], bool]) -> Callable[[list[str]], list[str]]:
    """Return what turns such lines into calls of `RUN`, for IPython's ``input_transformers_cleanup``."""

    def transform(lines: list[str]) -> list[str]:
        text = "".join(lines).strip()
        head, _, rest = text.partition(" ")
        if "\n" in text or not is_command(head, not rest) or rest.startswith("?") or (rest and _is_python(text)):
            return lines
        return [f"{RUN}({text!r})\n"]

    return transform


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def split(text: str) -> list[str]:
    """Return the words of a line; quotes, brackets and parentheses hold one together.

    Raises
    ------
    UsageError
        A quote that does not end.
    """
    words: list[str] = []
    at = 0
    while text[at:].strip():
        match = _WORD.match(text, at)
        if match is None:
            raise UsageError(f"a quote does not end: {text[at:].strip()}")
        words.append(match[1])
        at = match.end()
    return words


def quoted(word: str) -> str | None:
    """Return what stands between quotes; None if there are none."""
    return word[1:-1] if len(word) > 1 and word[0] in "\"'" and word[-1] == word[0] else None


def value(word: str, tree: DeviceTree, variables: Mapping[str, Any]) -> Any:
    """Return what a word stands for: text in quotes, a device, a number, the user's variable or sum, else text."""
    if (text := quoted(word)) is not None:
        return text
    found = plan_call.value(word, tree)
    if not isinstance(found, str) or not _EXPRESSION.fullmatch(word):
        return found
    try:
        names = {one.id for one in ast.walk(ast.parse(word, mode="eval")) if isinstance(one, ast.Name)}
    except SyntaxError:
        return found
    if not names <= variables.keys():
        return found  # "open" is what a shutter is told, not Python's function
    try:
        result = eval(word, {"__builtins__": {}}, dict(variables))  # the user's own words at the user's own prompt
    except Exception as error:
        raise UsageError(f"{word}: {error}") from error
    return found if callable(result) else result


def device(word: Any, tree: DeviceTree) -> Any:
    """Return the device that `word` names or is.

    Raises
    ------
    UnknownName
        There is none; names the nearest.
    """
    found = tree.find(word) if isinstance(word, str) else word
    if found is None or not hasattr(found, "name"):
        raise UnknownName("device", str(word), tree.devices)
    return found
