"""The tools of the golden runs. Their names, arguments and modules are in the golden files: they stay as they are."""

from pydantic import JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.engine.ports import ImplementationFailed
from agents.tools.define import Arguments, python_tool

BROKEN = "broken"


class Query(Arguments):
    """What to look up."""

    text: str
    count: int = 1


class Letter(Arguments):
    """A letter to send."""

    to: str
    sent_at: str = ""


class Payment(Arguments):
    """A sum to pay, in cents."""

    cents: int


def shelf(arguments: Query, call: Call) -> JsonValue:
    """Looks up, unless it is broken."""
    del call
    if arguments.text == BROKEN:
        raise ImplementationFailed("the shelf fell down")
    return {"found": [{"source": f"shelf:{arguments.text}", "text": f"about {arguments.text}"}]}


def archive(arguments: Query, call: Call) -> JsonValue:
    """Looks up when the shelf cannot."""
    del call
    return {"found": [{"source": f"archive:{arguments.text}", "text": f"old news of {arguments.text}"}]}


def book(arguments: Query, call: Call) -> JsonValue:
    """Says more than a thread should carry."""
    del call
    return {"source": f"book:{arguments.text}", "text": f"A long chapter about {arguments.text}. " * 40}


def scales(arguments: Query, call: Call) -> JsonValue:
    """Refuses whatever it is asked to weigh."""
    del call
    raise ToolRefusal(f"{arguments.text} cannot be weighed")


def telegraph(arguments: Query, call: Call) -> JsonValue:
    """Never works."""
    del arguments, call
    raise ImplementationFailed("no line")


def post(arguments: Letter, call: Call) -> JsonValue:
    """Sends."""
    del call
    return {"sent_to": arguments.to}


def bank(arguments: Payment, call: Call) -> JsonValue:
    """Pays."""
    del call
    return {"paid_cents": arguments.cents}


TOOLS = (
    python_tool("look_up", [shelf, archive], description="Look something up."),
    python_tool("read", [book], description="Read a book."),
    python_tool("weigh", [scales], description="Weigh something."),
    python_tool("wire", [telegraph], description="Ask by wire.", degraded_advice="Guess nothing."),
    python_tool("send", [post], description="Send a letter.", effect="keyed", volatile=("sent_at",)),
    python_tool("pay", [bank], description="Pay.", effect="keyed", needs_approval=True),
)
