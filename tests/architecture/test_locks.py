"""The lock files pin every package by hash and name no package index."""

import re

import pytest

from tests.architecture.source import ROOT

LOCKS = ("requirements.lock", "requirements-test.lock")
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)")


def pinned(lock: str) -> dict[str, set[str]]:
    """Versions by package; a package may have several, one for each platform."""
    versions: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if match := PINNED.match(line):
            versions.setdefault(match[1], set()).add(match[2])
    return versions


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    entries = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    loose = [entry for entry in entries if entry and not (PINNED.match(entry) and "--hash=sha256:" in entry)]
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_package_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"\S*://\S*|--(?:extra-)?index-url|--find-links|file:", text) == []


def test_both_locks_can_be_installed_together() -> None:
    runtime, testing = pinned("requirements.lock"), pinned("requirements-test.lock")
    differing = {
        name: (runtime[name], versions)
        for name, versions in testing.items()
        if name in runtime and not versions <= runtime[name]
    }
    assert differing == {}


def test_every_direct_dependency_is_locked() -> None:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    wanted = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in lines if line and not line.startswith("#")}
    assert wanted - pinned("requirements.lock").keys() == set()


def test_formats_are_checked_without_a_parser_that_takes_seconds_to_import() -> None:
    assert "rfc3987-syntax" not in pinned("requirements.lock")
