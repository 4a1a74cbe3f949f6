"""Asking a server for its tools, page by page, and believing no more of them than can be kept."""

from mcp import types
from mcp.client.session import ClientSession
from pydantic import BaseModel, ConfigDict, JsonValue

from agents.contracts.base import JsonObject
from agents.tools.mcp.schemas import SeenTool, Unfit, seen_tool

MOST_TOOLS = 1_000
MOST_PAGES = 50


class Raw(BaseModel):
    """A result as it came; the SDK has looked at its shape."""

    model_config = ConfigDict(extra="allow")

    @property
    def fields(self) -> JsonObject:
        """What came, in the protocol's own names."""
        return self.model_extra or {}


class Listing(dict[str, SeenTool]):
    """Tools by name; ``left_out`` says which were listed and cannot be offered."""

    left_out: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.left_out = []


async def list_tools(client: ClientSession) -> Listing:
    """All tools of a server, at most ``MOST_TOOLS``. Raises what the client raises."""
    listing, cursor = Listing(), ""
    for _ in range(MOST_PAGES):
        asked = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor or None))
        page = (await client.send_request(asked, Raw)).fields
        _take(page["tools"], listing)
        cursor = str(page.get("nextCursor") or "")
        if not cursor or len(listing) >= MOST_TOOLS:
            break
    if cursor:
        listing.left_out.append(f"what comes after {len(listing):,} tools")
    return listing


def _take(page: JsonValue, listing: Listing) -> None:
    for listed in page if isinstance(page, list) else []:
        if not isinstance(listed, dict):
            continue
        if len(listing) >= MOST_TOOLS:
            listing.left_out.append(f"what comes after {MOST_TOOLS:,} tools")
            return
        try:
            tool = seen_tool(listed)
            listing[tool.name] = tool
        except Unfit as unfit:
            listing.left_out.append(f"{str(listed.get('name'))[:80]!r}: {unfit}")
