"""The shop's refund rules as the policy applies them: yes with an amount, or no with the reason."""

from dataclasses import dataclass

from agents.contracts.base import JsonObject
from agents.library.rehearsal.conversation import number_at, objects_at, string_at
from agents.library.support.amounts import first_amount_cents, usd
from agents.library.support.request import Request

PHOTO_FROM_CENTS = 15_000
DAMAGE_DAYS = 60
LATE_AFTER_DAYS = 7
LOST_AFTER_DAYS = 10
RETURN_DAYS = 30


@dataclass(frozen=True)
class Decision:
    """``amount_cents`` 0 means no refund; ``why`` is a sentence for the answer."""

    amount_cents: int
    reason: str
    why: str


def decide_refund(order: JsonObject, request: Request, task: str) -> Decision:
    """Whether the rules allow the refund that was asked for. ``order`` is what order_status returned."""
    left_cents = number_at(order, "total_cents") - number_at(order, "refunded_cents")
    refused = _objection(order, request, left_cents)
    if refused:
        return Decision(0, request.reason, refused)
    asked_cents = first_amount_cents(task) or _named_item_cents(order, task) or left_cents
    if asked_cents > left_cents:
        return Decision(0, request.reason, f"Only {usd(left_cents)} is left to refund, not {usd(asked_cents)}.")
    if request.reason == "damaged" and asked_cents >= PHOTO_FROM_CENTS:
        return Decision(0, "damaged", f"For {usd(asked_cents)} the rules ask for a photo of the damage first.")
    reason = "returned" if string_at(order, "status") == "returned" else request.reason
    return Decision(asked_cents, reason, "")


def is_lost(order: JsonObject) -> bool:
    """Shipped so long ago that the rules count the parcel as lost."""
    return string_at(order, "status") == "shipped" and number_at(order, "days_since_shipping") >= LOST_AFTER_DAYS


def assess(order: JsonObject) -> str:
    """What the rules make of the order's dates, in a sentence; empty where dates change nothing."""
    status, shipped_days = string_at(order, "status"), number_at(order, "days_since_shipping")
    if is_lost(order):
        return f"It left {shipped_days} days ago, so it counts as lost: a second parcel or the full price back."
    if status == "shipped" and shipped_days >= LATE_AFTER_DAYS:
        return f"It left {shipped_days} days ago and is late: a search with the carrier is due."
    if status == "shipped":
        return f"It left {shipped_days} days ago and is still in time."
    if status == "processing":
        return "It can still be cancelled, and its address changed, free of charge."
    days = number_at(order, "days_since_delivery")
    if status == "delivered" and days <= RETURN_DAYS:
        return f"It was delivered {days} days ago and can be returned for {RETURN_DAYS - days} more days."
    if status == "delivered":
        return f"It was delivered {days} days ago; the {RETURN_DAYS} days for returns are over."
    return ""


def _objection(order: JsonObject, request: Request, left_cents: int) -> str:
    status, number = string_at(order, "status"), number_at(order, "order_number")
    if status == "cancelled":
        return f"Order {number} was cancelled before the card was charged, so there is nothing to refund."
    if left_cents <= 0:
        return f"Order {number} has been refunded in full already."
    if status == "processing":
        return f"Order {number} is still being packed: it can be cancelled free of charge instead."
    if status == "shipped" and number_at(order, "days_since_shipping") < LOST_AFTER_DAYS:
        return f"Order {number} is on its way; a refund is possible {LOST_AFTER_DAYS} days after shipping."
    if status == "delivered" and request.reason == "damaged":
        days = number_at(order, "days_since_delivery")
        late = f"Order {number} was delivered {days} days ago; damage must be reported within {DAMAGE_DAYS}."
        return late if days > DAMAGE_DAYS else ""
    if status == "delivered" and request.reason not in {"wrong_item"}:
        return f"Order {number} has been delivered; the items have to come back before the money does."
    return ""


def _named_item_cents(order: JsonObject, task: str) -> int:
    """The price of the items that the task names, when it names some of the order and not all of it."""
    items = objects_at(order, "items")
    named = [item for item in items if _is_named(string_at(item, "name"), task)]
    if not named or len(named) == len(items):
        return 0
    return sum(number_at(item, "unit_cents") * number_at(item, "quantity") for item in named)


def _is_named(name: str, task: str) -> bool:
    last = name.lower().split()[-1] if name else ""
    return bool(last) and (name.lower() in task.lower() or last in task.lower().replace(",", " ").split())
