"""Plain scalars as JSON values, by YAML 1.2's core rules: true, 5 and 0.5 are no text, yes and 2026-11-22 are."""

import math
import re
from collections.abc import Callable

from pydantic import JsonValue

from agents.config.faults import Path, quoted
from agents.config.reading import Text, Tree

_WORDS: dict[str, JsonValue] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
MAX_INTEGER = 2**53 - 1
"""Beyond it two readers of JSON may see two numbers."""

Refuse = Callable[[Path, str], None]


def natural(tree: Tree, path: Path, refuse: Refuse) -> JsonValue:
    """The value; what no JSON reader could keep is told to `refuse`."""
    if isinstance(tree, dict):
        return {key: natural(value, (*path, key), refuse) for key, value in tree.items()}
    if isinstance(tree, list):
        return [natural(value, (*path, index), refuse) for index, value in enumerate(tree)]
    return _scalar(tree, path, refuse) if tree.plain else str(tree)


def _scalar(text: Text, path: Path, refuse: Refuse) -> JsonValue:
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return str(text)
    if not _INTEGER.fullmatch(text):
        found = float(text)
        if not math.isfinite(found):
            refuse(path, f"{quoted(text)} is too large a number.")
        return found
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        refuse(path, f"{quoted(text)} is too large a number; put it into quotes if it is a name.")
        return None
    return int(text)
