"""The seeded shop, for replays of the bundled agents."""

import pytest
from django.utils import timezone

from agents.library.support.seed import seed_shop


@pytest.fixture
def shop(db: None) -> None:  # noqa: ARG001
    """The demo shop, its newest order placed today."""
    seed_shop(today=timezone.localdate())
