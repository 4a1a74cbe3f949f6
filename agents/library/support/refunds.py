"""The refund tool: gives money back, once for each key."""

from typing import Literal

from django.db import transaction
from django.db.models import Sum
from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.models import Order, Refund
from agents.library.support.amounts import usd
from agents.library.support.orders import find_order
from agents.tools.define import Arguments, python_tool

DAY_SECONDS = 86_400


class RefundArguments(Arguments):
    order_number: int = Field(ge=1, le=999_999, description="The order to refund.")
    amount_cents: int = Field(ge=1, le=10_000_000, description="How much, in US cents; 4900 is 49.00 USD.")
    reason: Literal["damaged", "late", "lost", "wrong_item", "returned", "other"] = Field(
        description="Why the money is given back."
    )


def refund(arguments: RefundArguments, call: Call) -> JsonValue:
    """Book the refund, or return the one booked before under this key.

    Raises ToolRefusal when the order does not exist, was not paid, or has less left to give back.
    """
    order = find_order(arguments.order_number)
    booked = _book(order, arguments, call)
    return {
        "source": f"refund/{booked.pk}",
        "title": f"Refund for order {order.number}",
        "text": f"{usd(booked.amount_cents)} of order {order.number} went back to {order.customer.name}.",
        "refund_id": booked.pk,
        "order_number": order.number,
        "amount_cents": booked.amount_cents,
        "reason": booked.reason,
    }


def _book(order: Order, arguments: RefundArguments, call: Call) -> Refund:
    with transaction.atomic():
        locked = Order.objects.select_for_update().get(pk=order.pk)  # attempts of one call come one by one
        if booked := Refund.objects.filter(tenant=call.tenant, key=call.key).first():
            return booked
        given = Refund.objects.filter(order=locked, tenant=call.tenant).aggregate(sum=Sum("amount_cents"))["sum"] or 0
        left_cents = locked.total_cents - given
        if locked.status == "cancelled":
            raise ToolRefusal(f"order {locked.number} was cancelled before payment; there is nothing to refund")
        if arguments.amount_cents > left_cents:
            raise ToolRefusal(
                f"order {locked.number} has {left_cents} cents left to refund, not {arguments.amount_cents}"
            )
        return Refund.objects.create(
            tenant=call.tenant,
            key=call.key,
            order=locked,
            amount_cents=arguments.amount_cents,
            reason=arguments.reason,
            run_id=call.run_id,
        )


REFUND = python_tool(
    "refund",
    [refund],
    description="Give money of an order back to its customer, in US cents. A person confirms it first. Never "
    "more than the order's total less earlier refunds.",
    effect="keyed",
    needs_approval=True,
    dedupe_seconds=DAY_SECONDS,
    capability="the refund",
    degraded_advice="Refunds cannot be booked now. Tell the operator to book it by hand.",
)
