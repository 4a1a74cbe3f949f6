"""Ops of the Tools screen: the leaf cells that show how a chain stands, the same in the list and on a tool's page."""

from console.live.ops import Op, attr, status_cells, text
from console.screens.tools.known import KnownTool
from console.screens.tools.standing import ToolStanding


def element_of(link: str) -> str:
    """The id of a link's piece of the chain; an id has no spaces."""
    return f"l-{'-'.join(link.split())}"


def row_of(tool: str) -> str:
    """The id of a tool's row."""
    return f"t-{'-'.join(tool.split())}"


def tool_cells(tool: KnownTool, standing: ToolStanding) -> list[Op]:
    """Everything of a tool that its breakers decide."""
    row = row_of(tool.name)
    cells = [
        attr(row, "data-severity", str(standing.severity)),
        *status_cells(f"{row}-status", f"{row}-status-glyph", f"{row}-status-word", standing.status),
    ]
    for link in standing.links:
        piece = element_of(link.link)
        cells += [
            *status_cells(piece, f"{piece}-glyph", f"{piece}-word", link.status),
            attr(piece, "data-serves", "" if link.serves else None),
            attr(piece, "data-out", "" if link.out else None),
            text(f"{piece}-serves", "serves" if link.serves else ""),
        ]
    return cells
