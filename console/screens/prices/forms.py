"""The form of a new price version: whatever is wrong is said at its field."""

from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html

from agents.contracts.llms import LLMError, priced_name
from agents.llms.registry import split_reference
from budgets.models import PriceOverride
from budgets.money import MoneyError, exact_usd, parse_usd
from budgets.prices import TOOL, version_after
from budgets.pricing import MAX_RATE_NANOS, MAX_TOKENS, LongContextTier, Rates, TokenRates
from console.screens.moments import moment

NAME_CHARACTERS = 200
TIER_ROWS = 4
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FURTHEST = timedelta(days=3660)
NEEDED = {
    "above": "Say above how many tokens.",
    "input": "Enter an amount in US dollars, for example 0.10.",
    "output": "Enter an amount in US dollars, for example 0.10.",
}
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class RateField(forms.CharField):
    """An amount in US dollars as people type it; cleaned to nano-USD, or None where it may be left empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("error_messages", {"required": "Enter an amount in US dollars, for example 0.10."})
        super().__init__(widget=forms.TextInput(attrs={**PLAIN, "inputmode": "decimal"}), **kwargs)

    def clean(self, value: Any) -> int | None:
        """Raises ValidationError for anything that is not one amount up to a million dollars."""
        text = str(super().clean(value))
        if not text:
            return None
        try:
            nanos = parse_usd(text)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from error
        if nanos > MAX_RATE_NANOS:
            raise forms.ValidationError("The largest rate is 1,000,000 US dollars.")
        return nanos


class TierForm(forms.Form):
    """One long-context tier; a row that is left empty is none."""

    above = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_TOKENS,
        label="Above tokens",
        widget=forms.TextInput(attrs={**PLAIN, "inputmode": "numeric"}),
        error_messages={"invalid": "Write a whole number of tokens, for example 200000."},
    )
    input = RateField(required=False)
    output = RateField(required=False)
    cache_read = RateField(required=False, label="Cache read")
    cache_write = RateField(required=False, label="Cache write")
    reasoning = RateField(required=False)

    def clean(self) -> None:
        """A row that says anything says where it begins and what input and output cost there."""
        if self.has_changed():
            for name, text in NEEDED.items():
                if name not in self.errors and self.cleaned_data.get(name) is None:
                    self.add_error(name, text)

    @property
    def tier(self) -> LongContextTier | None:
        """What the row says; None when it is empty."""
        above = self.cleaned_data.get("above")
        return None if above is None else LongContextTier(above, _token_rates(self.cleaned_data))


class VersionForm(forms.Form):
    """What every new version says: whose price it is, from when it holds, and why."""

    llm = forms.CharField(max_length=NAME_CHARACTERS, label="LLM", widget=forms.TextInput(attrs=PLAIN))
    effective_from = forms.DateTimeField(
        required=False,
        label="Holds from",
        input_formats=["%Y-%m-%d %H:%M", "%Y-%m-%d"],
        help_text="UTC, such as 2026-12-01 00:00. Empty: from now on.",
        widget=forms.TextInput(attrs={**PLAIN, "placeholder": "now"}),
        error_messages={"invalid": "Write a date and time in UTC, for example 2026-12-01 00:00."},
    )
    note = forms.CharField(
        required=False,
        max_length=500,
        help_text="Why, for whoever reads the history.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: MutableMapping[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.at = timezone.now()
        self.until: datetime | None = None

    @property
    def begins_at(self) -> datetime:
        """From when the version holds."""
        return self.cleaned_data.get("effective_from") or self.at

    def clean_effective_from(self) -> datetime | None:
        """Raises ValidationError for a year that can only be a slip."""
        moment: datetime | None = self.cleaned_data["effective_from"]
        if moment is not None and not EARLIEST <= moment <= self.at + FURTHEST:
            raise forms.ValidationError("Choose a time between the year 2000 and ten years from now.")
        return moment

    def clean(self) -> None:
        """Refuses a version that would never hold, because a later one has begun."""
        if {"llm", "effective_from"} & self.errors.keys():
            return
        following = version_after(list(PriceOverride.objects.for_llm(self.cleaned_data["llm"])), self.begins_at)
        self.until = following.effective_from if following else None
        if self.until is not None and self.until <= self.at:
            text = format_html("Another version holds since {}: choose a time from then on.", moment(self.until))
            self.add_error("effective_from", text)


class PriceForm(VersionForm):
    """An LLM's price: rates in US dollars per million tokens, and for each request."""

    input = RateField()
    output = RateField()
    cache_read = RateField(required=False, label="Cache read", help_text="Empty: as input.")
    cache_write = RateField(required=False, label="Cache write", help_text="Empty: as input.")
    reasoning = RateField(required=False, help_text="Empty: as output.")
    per_request = RateField(required=False, label="Per request", help_text="On top of the tokens.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: MutableMapping[str, Any]) -> None:
        super().__init__(data, initial=initial)
        tiers = [*initial.get("tiers", []), *({} for _ in range(TIER_ROWS))][:TIER_ROWS]
        # Typed rows are compared with empty ones, so that a prefilled row counts as said.
        self.tiers = [
            TierForm(data, prefix=f"tier-{number}", initial=None if data is not None else tier)
            for number, tier in enumerate(tiers)
        ]

    @property
    def has_tiers(self) -> bool:
        """Whether any row of the long context says something."""
        return any(tier.initial or (tier.is_bound and tier.has_changed()) for tier in self.tiers)

    def clean_llm(self) -> str:
        """The name that prices go by. Raises ValidationError for what names no LLM here."""
        try:
            vendor, name = split_reference(self.cleaned_data["llm"])
        except LLMError as error:
            raise forms.ValidationError(str(error)) from error
        return _printable(priced_name(f"{vendor}:{name}"))

    def clean(self) -> None:
        """With the rows of the long context, each of which begins elsewhere."""
        super().clean()
        begun: set[int] = set()
        for row in self.tiers:
            above = row.cleaned_data.get("above") if row.is_valid() else None
            if above in begun:
                row.add_error("above", "Another row begins here too.")
            begun |= {above} if above is not None else set()
        if any(row.errors for row in self.tiers):
            self.add_error(None, "A row of the long context is not complete.")

    @property
    def rates(self) -> Rates:
        """The price that was typed; only of a valid form."""
        tiers = (row.tier for row in self.tiers)
        return Rates(
            base=_token_rates(self.cleaned_data),
            per_request=self.cleaned_data["per_request"] or 0,
            tiers=tuple(sorted((tier for tier in tiers if tier), key=lambda tier: tier.above_input_tokens)),
        )


class FeeForm(VersionForm):
    """A tool's fee: US dollars for each attempt at it."""

    per_request = RateField(label="Fee", help_text="US dollars for each attempt; 0 for none.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: MutableMapping[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["llm"].label = "Tool"

    def clean_llm(self) -> str:
        """Raises ValidationError for what names no tool."""
        name: str = self.cleaned_data["llm"]
        if not name.removeprefix(TOOL).strip():
            raise forms.ValidationError(f"Write {TOOL} and the tool's name.")
        return _printable(name)

    @property
    def rates(self) -> Rates:
        """The fee that was typed; only of a valid form."""
        return Rates.flat(input=0, output=0, per_request=self.cleaned_data["per_request"])


AnyForm = PriceForm | FeeForm


def price_form(data: Mapping[str, Any] | None = None, *, initial: MutableMapping[str, Any]) -> AnyForm:
    """The form for what is named: a fee for "tool:<name>", else an LLM's price."""
    name = str((initial if data is None else data).get("llm", ""))
    return FeeForm(data, initial=initial) if name.startswith(TOOL) else PriceForm(data, initial=initial)


def as_typed(rates: Rates | None) -> dict[str, Any]:
    """What the form starts with to show these rates."""
    if rates is None:
        return {}
    tiers = [{"above": tier.above_input_tokens, **_typed(tier.rates)} for tier in rates.tiers]
    per_request = exact_usd(rates.per_request) if rates.per_request else ""
    return {**_typed(rates.base), "per_request": per_request, "tiers": tiers}


def _typed(rates: TokenRates) -> dict[str, str]:
    return {
        "input": exact_usd(rates.input),
        "output": exact_usd(rates.output),
        "cache_read": exact_usd(rates.cache_read),
        "cache_write": exact_usd(rates.cache_write),
        "reasoning": "" if rates.reasoning is None else exact_usd(rates.reasoning),
    }


def _token_rates(cleaned: Mapping[str, Any]) -> TokenRates:
    plain = cleaned["input"]
    read, write = cleaned["cache_read"], cleaned["cache_write"]
    return TokenRates(
        input=plain,
        output=cleaned["output"],
        cache_read=plain if read is None else read,
        cache_write=plain if write is None else write,
        reasoning=cleaned["reasoning"],
    )


def _printable(name: str) -> str:
    if not name.isprintable() or len(name) > NAME_CHARACTERS:
        raise forms.ValidationError(f"Use at most {NAME_CHARACTERS} printable characters.")
    return name
