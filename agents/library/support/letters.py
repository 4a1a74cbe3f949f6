"""The emails that the rehearsal policy writes to customers."""

from agents.contracts.base import JsonObject
from agents.library.rehearsal.conversation import number_at, string_at

SIGNATURE = "Kind regards,\nHarbour & Pine support"


def letter(order: JsonObject, *, notes: list[str]) -> tuple[str, str]:
    """Subject and body of the message about an order; ``notes`` are sentences on what was found and done."""
    customer = order.get("customer")
    name = string_at(customer, "name") if isinstance(customer, dict) else ""
    number = number_at(order, "order_number")
    lines = [f"Dear {name or 'customer'},", "", string_at(order, "text"), *notes, "", SIGNATURE]
    return f"Your order {number}", "\n".join(lines)[:4_000]


def address(order: JsonObject) -> str:
    """The only address that messages about an order go to."""
    customer = order.get("customer")
    return string_at(customer, "email") if isinstance(customer, dict) else ""
