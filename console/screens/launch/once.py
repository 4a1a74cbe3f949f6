"""One launch for one press of the button: a double click or a form sent again leads to the first run."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

SESSION_KEY = "launched"
REMEMBERED = 20


def fingerprint(key: str, given: Mapping[str, Any]) -> str:
    """A form's own key and what it says; the same page sent with another task is another launch."""
    words = {name: value for name, value in given.items() if isinstance(value, str | int)}
    files = [hashlib.sha256(upload.content).hexdigest() for upload in given["attachments"]]
    return hashlib.sha256(json.dumps([key, words, files], sort_keys=True).encode()).hexdigest()


def launched_before(session: SessionBase, print_: str) -> str | None:
    """The id of the run that this form launched."""
    found = session.get(SESSION_KEY, {}).get(print_)
    return str(found) if found else None


def remember(session: SessionBase, print_: str, run_id: str) -> None:
    """Keep the last few launches of this session."""
    kept = [*session.get(SESSION_KEY, {}).items(), (print_, run_id)]
    session[SESSION_KEY] = dict(kept[-REMEMBERED:])
