"""Where the console is, for people who read an address in a terminal."""

import os

from django.urls import reverse

from agents.models import Run

DEFAULT_ADDRESS = "http://127.0.0.1:8000"


def address() -> str:
    """Scheme, host and port from WATCHFLOOR_URL, else where `make run` serves."""
    return os.environ.get("WATCHFLOOR_URL", DEFAULT_ADDRESS).rstrip("/")


def run_address(run: Run) -> str:
    """The page of a run."""
    return address() + reverse("runs:detail", args=[run.tenant.slug, run.pk])
