"""The forms of the budgets pages: a top-up with its amount, reason and end; a reason for closing a hold."""

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from budgets.models import Account
from budgets.money import MoneyError, parse_usd
from budgets.periods import zone

REASON_CHARACTERS = 500
HOUR = timedelta(hours=1)


class MoneyField(forms.CharField):
    """An amount of US dollars above zero, as integer nano-USD."""

    def to_python(self, value: str | None) -> int | None:  # type: ignore[override]  # fields give what they mean
        """Raises ValidationError with what is wrong with the text."""
        if value is None or not value.strip():
            return None
        try:
            nanos = parse_usd(value)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from error
        if not nanos:
            raise forms.ValidationError("Enter more than zero.")
        return nanos

    def run_validators(self, value: object) -> None:
        """Its text has been checked whole."""


class ReasonForm(forms.Form):
    """Why; kept with what it explains."""

    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say why; it is kept with the entry."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class TopUpForm(ReasonForm):
    """How much more, why, and for how long."""

    amount = MoneyField(
        label="Amount in US dollars",
        error_messages={"required": "Enter an amount in US dollars, for example 0.10."},
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "off", "inputmode": "decimal", "placeholder": "0.10"}
        ),
    )
    lasts = forms.ChoiceField(required=False, label="For how long", widget=forms.RadioSelect)
    until_at = forms.DateTimeField(
        required=False,
        label="Ends at",
        error_messages={"invalid": "Choose a day and a time."},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    field_order = ("amount", "reason", "lasts", "until_at")

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.tz = zone(account.tenant.timezone)
        self.fields["until_at"].label = f"Ends at ({account.tenant.timezone})"
        whole = "until it resets" if account.window_end_at else f"as long as this {account.scope} lasts"
        lasts = cast(forms.ChoiceField, self.fields["lasts"])
        lasts.choices = [("", whole.capitalize()), ("hour", "For 1 hour"), ("date", "Until a date")]

    def clean_until_at(self) -> datetime | None:
        """The instant in the tenant's time zone; only asked for when a date was chosen."""
        if self.cleaned_data.get("lasts") != "date":
            return None
        given: datetime | None = self.cleaned_data["until_at"]
        if given is None:
            raise forms.ValidationError("Choose a day and a time.")
        at = _in_zone(given, self.tz)
        if at <= timezone.now():
            raise forms.ValidationError("This is in the past.")
        return at

    def expires_at(self, now: datetime) -> datetime | None:
        """When what is left of it is taken back; None for as long as the account lasts."""
        if self.cleaned_data["lasts"] == "hour":
            return now + HOUR
        until_at: datetime | None = self.cleaned_data["until_at"]
        return until_at


def _in_zone(given: datetime, tz: ZoneInfo) -> datetime:
    """What stood in the field, read as the tenant's wall clock."""
    return given.replace(tzinfo=tz)
