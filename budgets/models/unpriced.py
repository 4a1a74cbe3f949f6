"""An LLM that somebody wanted to use and that has no price: refused, and listed until a price is set."""

from django.db import models


class UnpricedLLM(models.Model):
    """One row an LLM; removed by the price that an operator sets."""

    llm = models.CharField(max_length=200, primary_key=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    last_tenant = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = "unpriced LLM"

    def __str__(self) -> str:
        return self.llm
