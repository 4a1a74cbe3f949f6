"""The hub of this process, and the cursor that the runs list starts from."""

from django.conf import settings

from console.live.hub import Hub, Position

hub = Hub(settings.REDIS_URL)


def position(tenant_id: int) -> Position:
    """The cursor of a tenant's runs list; call it before reading the rows, from any thread of the process.

    Until the first socket was opened in this process it is no cursor: the page reads its rows again once.
    """
    return hub.position(tenant_id)


def position_of_tools() -> Position:
    """The cursor of a page with breakers; call it before reading them, from any thread of the process."""
    return hub.position_of_tools()


def position_of_overview(tenant_id: int) -> Position:
    """The cursor of a tenant's Overview; call it before reading its rows, from any thread of the process."""
    return hub.position_of_overview(tenant_id)
