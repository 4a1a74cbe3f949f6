"""What several flows need."""

from collections.abc import Iterator

import pytest

from tests.flows.vendor import Vendor, running_vendor


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with running_vendor() as running:
        yield running
