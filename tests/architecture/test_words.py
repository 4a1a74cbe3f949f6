"""Committed files name no machine of ours and promise nothing for later."""

import re

from tests.architecture.source import ROOT, python_files, shown

# Put together here, so that this file does not name what it looks for.
PRIVATE = re.compile("|".join((r"/wo" + r"rk/", r"/tmp" + r"/w/", r"/ro" + r"ot/")))
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
PAGES = sorted(
    path
    for folder in ("templates", "static", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".html", ".css", ".js", ".md"} and "vendor" not in path.parts
)


def test_no_file_names_a_path_of_one_machine() -> None:
    named = [shown(path) for path in (*python_files(), *PAGES) if PRIVATE.search(path.read_text(encoding="utf-8"))]
    assert named == []


def test_no_file_leaves_something_for_later() -> None:
    left = [shown(path) for path in (*python_files(), *PAGES) if LATER.search(path.read_text(encoding="utf-8"))]
    assert left == []
