"""What several flows need."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.flows.console_page import PATIENCE_MS
from tests.flows.vendor import Vendor, running_vendor

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with running_vendor() as running:
        yield running
