"""The tools of the support agent, on the seeded shop."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection
from pydantic import ValidationError

from agents.contracts.calls import Call, ToolRefusal
from agents.library.models import Order, OutboxMessage, Product, Refund
from agents.library.rehearsal.conversation import number_at, objects_at, string_at
from agents.library.support import email
from agents.library.support.amounts import first_amount_cents, usd
from agents.library.support.drills import switch_service
from agents.library.support.email import EmailArguments, send_email
from agents.library.support.orders import OrderArguments, order_status
from agents.library.support.refunds import RefundArguments, refund
from agents.library.support.seed import FIRST_ORDER, LAST_ORDER, plan_order, seed_shop
from agents.library.support.shop_rules import RulesArguments, search_policies
from agents.library.support.stock import StockArguments, StockServiceDown, stock_cached, stock_live
from tests.agents.library.plain import plain_object

pytestmark = pytest.mark.django_db


def refund_of(number: int, amount_cents: int, call: Call) -> int:
    """Books a refund and gives its id."""
    arguments = RefundArguments(order_number=number, amount_cents=amount_cents, reason="damaged")
    return number_at(plain_object(refund(arguments, call)), "refund_id")


def other(call: Call, **changes: str) -> Call:
    """The call with something changed."""
    return call.model_copy(update=changes)


def test_the_shop_is_the_same_for_the_same_day() -> None:
    day = date(2026, 3, 1)
    plans = [plan_order(number, today=day) for number in range(FIRST_ORDER, LAST_ORDER + 1)]
    assert plans == [plan_order(number, today=day) for number in range(FIRST_ORDER, LAST_ORDER + 1)]
    assert {plan.status for plan in plans} == {"processing", "shipped", "delivered", "cancelled", "returned"}


@pytest.mark.usefixtures("shop")
def test_seeding_again_changes_nothing(today: date) -> None:
    Product.objects.filter(sku="MUG-TIN").update(available=1)
    seed_shop(today=today)
    assert (Order.objects.count(), Product.objects.get(sku="MUG-TIN").available) == (40, 1)


@pytest.mark.usefixtures("shop")
def test_every_order_adds_up(call: Call) -> None:
    for number in range(FIRST_ORDER, LAST_ORDER + 1):
        order = plain_object(order_status(OrderArguments(order_number=number), call))
        items = objects_at(order, "items")
        total_cents = sum(number_at(item, "quantity") * number_at(item, "unit_cents") for item in items)
        assert (total_cents, order["source"]) == (number_at(order, "total_cents"), f"order/{number}")


@pytest.mark.usefixtures("shop")
def test_an_unknown_order_is_refused_with_the_numbers_there_are(call: Call) -> None:
    with pytest.raises(ToolRefusal, match="there is no order 9999; orders run from 1001 to 1040"):
        order_status(OrderArguments(order_number=9999), call)


@pytest.mark.parametrize("number", ["1029", 1029.5, 0, -1, True, None])
def test_an_order_number_is_a_positive_integer_and_nothing_else(number: object) -> None:
    with pytest.raises(ValidationError):
        OrderArguments.model_validate({"order_number": number})


@pytest.mark.usefixtures("shop")
def test_live_stock_says_it_is_live(call: Call) -> None:
    found = plain_object(stock_live(StockArguments(product="enamel kettle"), call))
    assert (found["sku"], found["available"], found["live"]) == ("KETTLE-17", 12, True)


@pytest.mark.usefixtures("shop")
def test_stock_made_to_fail_fails_and_the_copy_says_how_old_it_is(call: Call, today: date) -> None:
    switch_service(service="stock-live", failing=True, note="a drill")
    with pytest.raises(StockServiceDown, match="stock-live"):
        stock_live(StockArguments(product="KETTLE-17"), call)
    found = plain_object(stock_cached(StockArguments(product="KETTLE-17"), call))
    assert (found["available"], found["live"]) == (14, False)
    assert string_at(found, "as_of").startswith(today.isoformat())


@pytest.mark.usefixtures("shop")
def test_an_unknown_product_is_refused_with_the_products_there_are(call: Call) -> None:
    with pytest.raises(ToolRefusal, match=r"Enamel Kettle \(KETTLE-17\)"):
        stock_live(StockArguments(product="flying carpet"), call)


@pytest.mark.usefixtures("shop")
def test_a_refund_is_booked_once_for_its_key(call: Call) -> None:
    first = refund_of(1027, 3700, call)
    assert refund_of(1027, 3700, other(call, call_id="call_9", run_id="another")) == first
    assert Refund.objects.count() == 1


@pytest.mark.usefixtures("shop")
def test_another_tenant_with_the_same_key_has_a_refund_of_its_own(call: Call) -> None:
    assert refund_of(1027, 3700, call) != refund_of(1027, 3700, other(call, tenant="globex"))


@pytest.mark.usefixtures("shop")
def test_refunds_never_exceed_what_was_paid(call: Call) -> None:
    refund_of(1027, 3000, call)
    with pytest.raises(ToolRefusal, match="700 cents left to refund, not 701"):
        refund_of(1027, 701, other(call, key="b" * 64))
    refund_of(1027, 700, other(call, key="c" * 64))
    order = plain_object(order_status(OrderArguments(order_number=1027), call))
    assert order["refunded_cents"] == 3700


@pytest.mark.usefixtures("shop")
def test_a_cancelled_order_is_not_refunded(call: Call) -> None:
    with pytest.raises(ToolRefusal, match="was cancelled before payment"):
        refund_of(1019, 100, call)


@pytest.mark.usefixtures("shop")
def test_an_email_is_sent_once_for_its_key_and_only_to_the_customer(call: Call) -> None:
    customer = Order.objects.get(number=1027).customer.email
    arguments = EmailArguments(order_number=1027, to=customer.upper(), subject="Order", body="Dear customer, hello.")
    first = send_email(arguments, call)
    assert send_email(arguments, other(call, call_id="call_9")) == first
    assert OutboxMessage.objects.get().to == customer
    stranger = arguments.model_copy(update={"to": "evil@attacker.test"})
    with pytest.raises(ToolRefusal, match=f"write to {customer}"):
        send_email(stranger, other(call, key="b" * 64))
    assert OutboxMessage.objects.count() == 1


@pytest.mark.usefixtures("shop")
def test_of_two_attempts_at_once_one_sends(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    to = Order.objects.get(number=1027).customer.email
    arguments = EmailArguments(order_number=1027, to=to, subject="Order", body="Dear customer, hello.")
    first = send_email(arguments, call)
    monkeypatch.setattr(email, "_sent_before", lambda _call: None)
    assert send_email(arguments, call) == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "nobody"},
        {"subject": "two\nlines"},
        {"subject": "x" * 121},
        {"body": "short"},
        {"bcc": "a@b.test"},
    ],
)
def test_a_malformed_email_is_rejected_at_the_boundary(wrong: dict[str, str]) -> None:
    right = {"order_number": 1027, "to": "a@example.com", "subject": "Order", "body": "Dear customer, hello."}
    EmailArguments.model_validate(right)
    with pytest.raises(ValidationError):
        EmailArguments.model_validate({**right, **wrong})


def test_the_rules_are_found_by_their_words(call: Call) -> None:
    found = plain_object(search_policies(RulesArguments(query="parcel is late"), call))
    sources = {string_at(result, "source") for result in objects_at(found, "results")}
    assert {"policy/late-parcels#1", "policy/late-parcels#2"} <= sources


@pytest.mark.parametrize("query", ["zebra xylophone", "'; DROP --", "!!"])
def test_a_search_without_a_hit_is_refused(query: str, call: Call) -> None:
    with pytest.raises(ToolRefusal, match="no rule mentions"):
        search_policies(RulesArguments(query=query), call)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("refund $12.50 now", 1250),
        ("USD 49", 4900),
        ("49 USD", 4900),
        ("12,05 dollars", 1205),
        ("order 1027", None),
    ],
)
def test_amounts_are_read_from_text(text: str, cents: int | None) -> None:
    assert first_amount_cents(text) == cents


def test_amounts_are_written_with_two_places() -> None:
    assert [usd(5), usd(4900), usd(123456)] == ["0.05 USD", "49.00 USD", "1234.56 USD"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("keys", "refunds"), [("kkkk", 1), ("abcd", 2)])
def test_refunds_at_the_same_time_neither_double_nor_exceed(keys: str, refunds: int, shop: None, call: Call) -> None:
    del shop

    def attempt(key: str) -> None:
        try:
            refund_of(1027, 1500, other(call, key=key * 64))
        except ToolRefusal:
            pass  # what is left did not suffice
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(attempt, keys))
    assert Refund.objects.count() == refunds
