"""The seeded shop, and files attached to a run."""

from collections.abc import Callable
from datetime import date

import pytest
from django.utils import timezone

from agents.contracts.calls import AttachmentRef, Call
from agents.library.documents.upload import check_upload
from agents.library.support.seed import seed_shop
from agents.models import Blob

Attach = Callable[[str, bytes], AttachmentRef]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def shop(db: None, today: date) -> None:  # noqa: ARG001
    """The demo shop, its newest order placed today."""
    seed_shop(today=today)


@pytest.fixture
def call() -> Call:
    return Call(run_id="run", tenant="acme", call_id="call_1", key="k" * 64)


@pytest.fixture
def attach(db: None) -> Attach:  # noqa: ARG001
    """Keeps a file as an upload would and gives its reference."""

    def keep(name: str, content: bytes) -> AttachmentRef:
        blob = Blob.keep(content)
        media_type = check_upload(name, content)
        return AttachmentRef(name=name, media_type=media_type, sha256=blob.sha256, size_bytes=blob.size_bytes)

    return keep
