"""The shop's books: customers, products, orders. Amounts are integer US cents."""

from django.db import models

STATUSES = (
    ("processing", "processing"),
    ("shipped", "shipped"),
    ("delivered", "delivered"),
    ("cancelled", "cancelled"),
    ("returned", "returned"),
)


class Customer(models.Model):
    """Somebody who bought something."""

    name = models.CharField(max_length=100)
    email = models.EmailField(unique=True)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something on sale: the live count, and the one last copied, at ``cached_at``."""

    sku = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100)
    price_cents = models.PositiveIntegerField()
    available = models.PositiveIntegerField()
    cached_available = models.PositiveIntegerField()
    cached_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sku


class Order(models.Model):
    """An order under its number; dates are null until they happen."""

    number = models.PositiveIntegerField(unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=12, choices=STATUSES)
    total_cents = models.PositiveIntegerField()
    placed_on = models.DateField()
    shipped_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    carrier = models.CharField(max_length=40, blank=True)
    tracking = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return str(self.number)


class OrderLine(models.Model):
    """One product of an order at the price it was sold for."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField()
    unit_cents = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["order", "product"], name="order_line_once"),)

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product_id}"
