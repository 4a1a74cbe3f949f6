"""A plan as text for people, and as JSON for programs."""

import difflib
from collections.abc import Iterator

from pydantic import JsonValue

from agents.config.faults import Fault, dotted, one_line
from agents.config.plan import NOT_NAMED, Difference, FieldChange, Left, Plan

LEFT_SHOWN = 10
"""The names of a section; JSON has them all."""
ONE_LINE_CHARACTERS = 100
VALUE_CHARACTERS = 160
DIFF_LINES = 40
MARKS = {"add": "+", "change": "~"}


def plan_lines(plan: Plan) -> Iterator[str]:
    """Every difference with its fields, what is left alone, and how many there are."""
    for difference in plan.differences:
        yield f"{MARKS[difference.kind]} {difference.name}"
        for field in difference.fields:
            yield from _field_lines(field, difference)
    yield from _left_lines(plan.left)
    yield summary(plan)


def summary(plan: Plan) -> str:
    """One line."""
    if not plan.differences:
        return "No differences."
    added = sum(difference.kind == "add" for difference in plan.differences)
    return f"{added} to add, {len(plan.differences) - added} to change."


def plan_json(plan: Plan) -> dict[str, JsonValue]:
    """The whole plan; values in full."""
    return {
        "differences": [
            {
                "path": difference.name,
                "kind": difference.kind,
                "fields": [
                    {"name": field.name, "before": field.before, "after": field.after} for field in difference.fields
                ],
            }
            for difference in plan.differences
        ],
        "left_alone": [{"path": dotted(left.path), "why": left.why} for left in plan.left],
    }


def fault_json(fault: Fault, file: str) -> dict[str, JsonValue]:
    """A fault with its place, for editors and CI."""
    return {
        "file": file,
        "line": fault.place.line,
        "column": fault.place.column,
        "path": fault.path,
        "text": fault.text,
    }


def _field_lines(field: FieldChange, difference: Difference) -> Iterator[str]:
    before, after = field.before or "", field.after or ""
    if "\n" in before + after or (difference.kind == "change" and len(before) + len(after) > ONE_LINE_CHARACTERS):
        yield f"    {one_line(field.name)}:"
        yield from _text_lines(before, after)
    elif difference.kind == "add":
        yield f"    {one_line(field.name)}: {_value(field.after)}"
    else:
        yield f"    {one_line(field.name)}: {_value(field.before)} -> {_value(field.after)}"


def _text_lines(before: str, after: str) -> Iterator[str]:
    """The lines of a long text that differ, each with one around it; never more than a screen."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""))[3:]
    for line in lines[:DIFF_LINES]:
        yield "      ..." if line.startswith("@@") else f"      {one_line(line, VALUE_CHARACTERS)}"
    if len(lines) > DIFF_LINES:
        yield f"      ... and {len(lines) - DIFF_LINES} lines more"


def _value(value: str | None) -> str:
    return "not set" if value is None else one_line(value, VALUE_CHARACTERS) or '""'


def _left_lines(left: tuple[Left, ...]) -> Iterator[str]:
    """What the file does not name, a line for each section; everything else a line of its own."""
    if left:
        yield "Left alone:"
    unnamed: dict[str, list[str]] = {}
    for each in left:
        if each.why == NOT_NAMED:
            unnamed.setdefault(str(each.path[0]), []).append(dotted(each.path[1:]))
        else:
            yield f"    {dotted(each.path)}: {each.why}"
    for section, names in unnamed.items():
        more = f" and {len(names) - LEFT_SHOWN} more" if len(names) > LEFT_SHOWN else ""
        yield f"    {section}: {', '.join(names[:LEFT_SHOWN])}{more}"
