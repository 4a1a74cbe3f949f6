"""What may come of asking a server, told without its SDK, so that whoever catches it need not import that."""

from agents.contracts.specs import McpEndpoint
from agents.engine.ports import ImplementationFailed
from agents.tools.mcp.schemas import SeenTool


class SchemaChanged(ImplementationFailed):
    """The server's tool is not what was accepted, so it was not called; ``seen`` is what it is now, None: gone."""

    def __init__(self, endpoint: McpEndpoint, seen: SeenTool | None) -> None:
        what = "its schema has changed since it was accepted" if seen else "the server does not list it any more"
        super().__init__(f"{endpoint.tool} of {endpoint.server} was not called: {what}")
        self.endpoint = endpoint
        self.seen = seen


class LookFailed(Exception):
    """A server could not be looked at; the message is one sentence."""
