"""Collects the static files under var/ when they have changed, so that browsers may keep them for ever."""

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage


def fingerprint() -> str:
    """A hash over name, size and time of every source file, which changes when one of them does."""
    found = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()
            found.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return found.hexdigest()


def collect_if_changed(*, root: Path, stamp: Path) -> bool:
    """Hash, compress and copy the static files into `root`, unless `stamp` says that they are there."""
    present = fingerprint()
    if root.is_dir() and stamp.is_file() and stamp.read_text(encoding="ascii") == present:
        return False
    collector = Command()
    collector.storage = CompressedManifestStaticFilesStorage(location=str(root))
    call_command(collector, interactive=False, clear=True, verbosity=0)
    stamp.write_text(present, encoding="ascii")
    return True
