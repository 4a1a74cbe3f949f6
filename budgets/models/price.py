"""A price set by an operator: goes before the public list from its date on, until the next one."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.timezone import now

from budgets.models.append_only import AppendOnly, AppendOnlyQuerySet
from budgets.pricing import PriceSnapshot, Rates


class PriceOverrideQuerySet(AppendOnlyQuerySet["PriceOverride"]):
    """Filters over price overrides."""

    def for_llm(self, llm: str) -> Self:
        """Every version for one LLM, the one that holds first: latest date, then latest written."""
        return self.filter(llm=llm).order_by("-effective_from", "-id")

    def effective(self, at: datetime) -> Self:
        """Versions that hold at an instant or held before it."""
        return self.filter(effective_from__lte=at)


class PriceOverride(AppendOnly):
    """One version of an LLM's price, or of a tool's ("tool:<name>").

    `rates` are `pricing.Rates.as_json`: nano-USD per million tokens. Empty, they say that the public list holds again.
    """

    llm = models.CharField(max_length=200)
    rates = models.JSONField()
    source = models.CharField(max_length=80, default="operator")
    effective_from = models.DateTimeField(default=now)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)

    objects = PriceOverrideQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["llm", "-effective_from"], name="price_latest")]

    def __str__(self) -> str:
        return f"{self.llm} from {self.effective_from:%Y-%m-%d}"

    def to_rates(self) -> Rates | None:
        """Its rates; None where the public list holds again. Raises `RatesError` when the stored ones are no rates."""
        return Rates.from_json(self.rates) if self.rates else None

    def to_snapshot(self) -> PriceSnapshot | None:
        """This version as a price; None and errors as in `to_rates`."""
        rates = self.to_rates()
        return None if rates is None else PriceSnapshot(rates, source=self.source, version=f"override {self.pk}")
