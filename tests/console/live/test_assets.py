"""The files that pages load: as published where not ours, small, nothing that the CSP would block."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "static"
MOST_BYTES = 150_000
BLOCKED = re.compile(r"""\sstyle\s*=|\son[a-z]+\s*=|<style|<script(?![^>]*\ssrc=)|hx-on|hx-vals=.js:|javascript:""")


def sums() -> list[tuple[str, str]]:
    lines = (STATIC / "vendor" / "SHA256SUMS").read_text("ascii").splitlines()
    return [(line.split()[1], line.split()[0]) for line in lines]


@pytest.mark.parametrize(("name", "digest"), sums())
def test_what_is_vendored_is_what_was_published(name: str, digest: str) -> None:
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_listed() -> None:
    listed = {name for name, _ in sums()}
    there = {str(path.relative_to(STATIC)) for folder in ("vendor", "fonts") for path in (STATIC / folder).iterdir()}
    assert there - {"vendor/SHA256SUMS", "vendor/README.md"} == listed


def test_all_scripts_and_styles_together_are_small() -> None:
    files = [*STATIC.rglob("css/**/*.css"), *STATIC.glob("js/*.js"), *STATIC.glob("vendor/*.js")]
    assert len(files) >= 10
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < MOST_BYTES


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_inline_styles_or_scripts(path: Path) -> None:
    assert not BLOCKED.search(path.read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(STATIC.glob("js/*.js")), ids=lambda path: path.name)
def test_no_script_evaluates_text_or_writes_styles(path: Path) -> None:
    assert not re.search(r"\beval\(|new Function|\.style\b|insertAdjacentHTML", path.read_text("utf-8"))
