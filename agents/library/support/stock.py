"""The stock tool: how many of a product can be sold, from the live service or else from the last copy."""

from django.db.models import Q
from django.utils import timezone
from pydantic import Field, JsonValue

from agents.contracts.calls import Call, ToolRefusal
from agents.library.models import Product, ServiceSwitch
from agents.tools.define import Arguments, python_tool


class StockArguments(Arguments):
    product: str = Field(min_length=2, max_length=100, description="A SKU such as KETTLE-17, or the product's name.")


class StockServiceDown(Exception):
    """The stock service does not answer."""


def stock_live(arguments: StockArguments, _call: Call) -> JsonValue:
    """The count as it is now. Raises StockServiceDown when an operator made the service fail."""
    _require_working("stock-live")
    product = find_product(arguments.product)
    return _answer(product, product.available, as_of=timezone.now().isoformat(timespec="seconds"), live=True)


def stock_cached(arguments: StockArguments, _call: Call) -> JsonValue:
    """The count when it was last copied; ``as_of`` says when. Raises StockServiceDown when switched off."""
    _require_working("stock-cached")
    product = find_product(arguments.product)
    return _answer(product, product.cached_available, as_of=product.cached_at.isoformat(timespec="seconds"), live=False)


def find_product(wanted: str) -> Product:
    """The product of that SKU or name. Raises ToolRefusal with those that could be meant."""
    wanted = " ".join(wanted.split())
    exact = Product.objects.filter(Q(sku__iexact=wanted) | Q(name__iexact=wanted)).first()
    if exact is not None:
        return exact
    near = list(Product.objects.filter(name__icontains=wanted).order_by("sku"))
    if len(near) == 1:
        return near[0]
    choice = ", ".join(f"{product.name} ({product.sku})" for product in near or Product.objects.order_by("sku"))
    raise ToolRefusal(f"no single product is called {wanted!r}; there are: {choice}")


def _require_working(service: str) -> None:
    if ServiceSwitch.objects.filter(service=service, failing=True).exists():
        raise StockServiceDown(f"the service {service} does not answer")


def _answer(product: Product, available: int, *, as_of: str, live: bool) -> JsonValue:
    origin = "" if live else f" (copy of {as_of})"
    count = f"{available} in stock" if available else "sold out"
    return {
        "source": f"stock/{product.sku}",
        "title": f"Stock of {product.name}",
        "text": f"{product.name} ({product.sku}): {count}{origin}.",
        "sku": product.sku,
        "name": product.name,
        "available": available,
        "price_cents": product.price_cents,
        "as_of": as_of,
        "live": live,
    }


STOCK = python_tool(
    "stock",
    [stock_live, stock_cached],
    description="How many pieces of a product are in stock. When the live count is unavailable the answer "
    "comes from a copy: then `live` is false and `as_of` says how old it is, and your answer must say so.",
    probe={"product": "KETTLE-17"},
    capability="the stock count",
    degraded_advice="Stock figures are unavailable. Say so, and promise no delivery that depends on stock.",
)
