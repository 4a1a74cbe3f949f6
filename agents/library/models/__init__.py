"""The demo shop that the support agent works in, and what it did there."""

from agents.library.models.desk import OutboxMessage, Refund, ServiceSwitch
from agents.library.models.shop import Customer, Order, OrderLine, Product

__all__ = ["Customer", "Order", "OrderLine", "OutboxMessage", "Product", "Refund", "ServiceSwitch"]
