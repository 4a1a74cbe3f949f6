"""The order_status tool: what the shop knows of one order."""

from datetime import date

from django.utils import timezone
from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.models import Order
from agents.tools.define import Arguments, python_tool


class OrderArguments(Arguments):
    order_number: int = Field(ge=1, le=999_999, description="The order's number, such as 1029.")


def order_status(arguments: OrderArguments, call: Call) -> JsonValue:
    """The order's state, items, amounts and dates. Raises ToolRefusal for an unknown number."""
    order = find_order(arguments.order_number)
    lines: list[JsonValue] = [
        {
            "sku": line.product.sku,
            "name": line.product.name,
            "quantity": line.quantity,
            "unit_cents": line.unit_cents,
        }
        for line in order.lines.select_related("product").order_by("pk")
    ]
    refunded_cents = sum(refund.amount_cents for refund in order.refunds.filter(tenant=call.tenant))
    return {
        "source": f"order/{order.number}",
        "title": f"Order {order.number}",
        "text": sentence(order),
        "order_number": order.number,
        "status": order.status,
        "customer": {"name": order.customer.name, "email": order.customer.email},
        "items": lines,
        "total_cents": order.total_cents,
        "refunded_cents": refunded_cents,
        "placed_on": order.placed_on.isoformat(),
        "shipped_on": _iso(order.shipped_on),
        "delivered_on": _iso(order.delivered_on),
        "days_since_shipping": _days_since(order.shipped_on),
        "days_since_delivery": _days_since(order.delivered_on),
        "carrier": order.carrier,
        "tracking": order.tracking,
    }


def find_order(number: int) -> Order:
    """The order. Raises ToolRefusal with the numbers that exist."""
    order = Order.objects.select_related("customer").filter(number=number).first()
    if order is not None:
        return order
    numbers = Order.objects.order_by("number").values_list("number", flat=True)
    first, last = numbers.first(), numbers.last()
    if first is None:
        raise ToolRefusal("the shop has no orders yet")
    raise ToolRefusal(f"there is no order {number}; orders run from {first} to {last}")


def sentence(order: Order) -> str:
    """The order's state in words."""
    placed = f"Order {order.number} was placed on {order.placed_on.isoformat()}"
    if order.status == "delivered" and order.delivered_on:
        return f"{placed} and delivered by {order.carrier} on {order.delivered_on.isoformat()}."
    if order.status == "returned" and order.delivered_on:
        return f"{placed}, delivered on {order.delivered_on.isoformat()} and sent back by the customer."
    if order.status == "shipped" and order.shipped_on:
        way = f"left with {order.carrier} on {order.shipped_on.isoformat()} (tracking {order.tracking})"
        return f"{placed}, {way} and has not arrived yet."
    if order.status == "cancelled":
        return f"{placed} and cancelled before it was shipped."
    return f"{placed} and is being packed."


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _days_since(day: date | None) -> int | None:
    return (timezone.localdate() - day).days if day else None


ORDER_STATUS = python_tool(
    "order_status",
    [order_status],
    description="Look up one order: its state, items, amounts in US cents, dates, carrier and the customer's "
    "name and email.",
)
