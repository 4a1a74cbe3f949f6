"""What the support desk did: refunds, messages sent, and which of its services an operator switched off."""

from django.db import models

from agents.library.models.shop import Order


class ServiceSwitch(models.Model):
    """A drill: an operator makes a service of the shop fail, to see what the agent does without it."""

    service = models.SlugField(max_length=40, unique=True)
    failing = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.service} {'failing' if self.failing else 'working'}"


class Refund(models.Model):
    """Money given back; the key is unique, so that a repeated request finds the first refund."""

    tenant = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount_cents = models.PositiveIntegerField()
    reason = models.CharField(max_length=20)
    run_id = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "key"], name="refund_once"),)

    def __str__(self) -> str:
        return f"refund {self.pk} of order {self.order_id}"


class OutboxMessage(models.Model):
    """An email as it left; the key is unique, so that a repeated request sends nothing."""

    tenant = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="messages")
    to = models.EmailField()
    subject = models.CharField(max_length=120)
    body = models.TextField()
    run_id = models.CharField(max_length=32)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "key"], name="outbox_once"),)

    def __str__(self) -> str:
        return f"message {self.pk} to {self.to}"
