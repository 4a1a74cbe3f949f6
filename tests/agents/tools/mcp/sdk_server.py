"""A server made with the official SDK, for tests; over stdio, or behind the port in its argument."""

import sys

from mcp.server.mcpserver import MCPServer

app = MCPServer("shelf", log_level="ERROR")


@app.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@app.tool()
def fail(text: str) -> str:
    """Say no."""
    raise ValueError(text)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        app.run(transport="streamable-http", port=int(sys.argv[1]))
    else:
        app.run()
