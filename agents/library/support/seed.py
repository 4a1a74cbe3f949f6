"""The demo shop, the same on every machine: orders 1001 to 1040 of the last two months."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from agents.library.models import Customer, Order, OrderLine, Product, ServiceSwitch

FIRST_ORDER = 1001
LAST_ORDER = 1040

CUSTOMERS = (
    ("Ada Brandt", "ada.brandt@example.com"),
    ("Bilal Haddad", "bilal.haddad@example.com"),
    ("Chiara Rossi", "chiara.rossi@example.com"),
    ("Dmitri Volkov", "dmitri.volkov@example.com"),
    ("Esther Okafor", "esther.okafor@example.com"),
    ("Finn Larsen", "finn.larsen@example.com"),
    ("Grace Nguyen", "grace.nguyen@example.com"),
    ("Hugo Martin", "hugo.martin@example.com"),
    ("Ines Duarte", "ines.duarte@example.com"),
    ("Jonas Keller", "jonas.keller@example.com"),
    ("Keiko Tanaka", "keiko.tanaka@example.com"),
)

# sku, name, price in cents, live count, cached count
PRODUCTS = (
    ("KETTLE-17", "Enamel Kettle", 4900, 12, 14),
    ("JACKET-RN", "Rain Jacket", 12900, 3, 5),
    ("LAMP-CAMP", "Camp Lantern", 3650, 40, 38),
    ("BLANKET-W", "Wool Blanket", 8900, 0, 2),
    ("KNIFE-PK", "Pocket Knife", 2750, 25, 25),
    ("MUG-TIN", "Tin Mug", 1200, 140, 151),
    ("BOOT-OIL", "Boot Oil", 950, 61, 60),
    ("ROPE-10", "Ten Metre Rope", 1850, 18, 18),
    ("TENT-2P", "Two Person Tent", 24900, 4, 4),
    ("STOVE-GS", "Gas Stove", 5900, 0, 0),
    ("SOCKS-MR", "Merino Socks", 1650, 88, 90),
    ("PACK-32", "Day Pack 32 L", 9900, 7, 9),
)

CARRIERS = ("Northline", "Parcelwing", "Blue Van")
SERVICES = ("stock-live", "stock-cached")


@dataclass(frozen=True)
class OrderPlan:
    """What an order's number says about it."""

    number: int
    status: str
    placed_on: date
    shipped_on: date | None
    delivered_on: date | None
    lines: tuple[tuple[int, int], ...]  # index of the product, quantity


def seed_shop(*, today: date) -> None:
    """Make the shop once; later calls change nothing, so that what agents did there stays."""
    with transaction.atomic():
        for service in SERVICES:
            ServiceSwitch.objects.get_or_create(service=service)
        ServiceSwitch.objects.select_for_update().get(service=SERVICES[0])  # two first starts take turns here
        if Order.objects.exists():
            return
        customers = [Customer.objects.create(name=name, email=email) for name, email in CUSTOMERS]
        products = [_product(row, today) for row in PRODUCTS]
        for number in range(FIRST_ORDER, LAST_ORDER + 1):
            _order(plan_order(number, today=today), customers, products)


def plan_order(number: int, *, today: date) -> OrderPlan:
    """The order of that number: the newest was placed today, each older one a day and a half before."""
    placed_on = today - timedelta(days=(LAST_ORDER - number) * 3 // 2)
    status = _status(number, age_days=(today - placed_on).days)
    shipped_on = placed_on + timedelta(days=2) if status in {"shipped", "delivered", "returned"} else None
    delivered_on = placed_on + timedelta(days=5) if status in {"delivered", "returned"} else None
    first = number % len(PRODUCTS)
    lines = [(first, 1 + number % 2)]
    if number % 3 == 0:
        lines.append(((first + 5) % len(PRODUCTS), 1 + number % 4))
    return OrderPlan(number, status, placed_on, shipped_on, delivered_on, tuple(lines))


def _status(number: int, *, age_days: int) -> str:
    if age_days < 2:
        return "processing"
    if number % 13 == 5:
        return "cancelled"
    if age_days < 5 or number % 11 == 6:  # the latter are parcels that are late
        return "shipped"
    return "returned" if number % 17 == 9 else "delivered"


def _product(row: tuple[str, str, int, int, int], today: date) -> Product:
    sku, name, price_cents, available, cached = row
    return Product.objects.create(
        sku=sku,
        name=name,
        price_cents=price_cents,
        available=available,
        cached_available=cached,
        cached_at=datetime.combine(today, time(5, 0), tzinfo=UTC),
    )


def _order(plan: OrderPlan, customers: list[Customer], products: list[Product]) -> None:
    lines = [(products[index], quantity) for index, quantity in plan.lines]
    order = Order.objects.create(
        number=plan.number,
        customer=customers[plan.number % len(customers)],
        status=plan.status,
        total_cents=sum(product.price_cents * quantity for product, quantity in lines),
        placed_on=plan.placed_on,
        shipped_on=plan.shipped_on,
        delivered_on=plan.delivered_on,
        carrier=CARRIERS[plan.number % len(CARRIERS)] if plan.shipped_on else "",
        tracking=f"{plan.number:04d}-{plan.number * 7919 % 100000:05d}" if plan.shipped_on else "",
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, product=product, quantity=quantity, unit_cents=product.price_cents)
        for product, quantity in lines
    )
