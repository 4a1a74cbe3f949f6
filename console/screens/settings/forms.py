"""The forms of the settings page."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.utils import timezone

from budgets.models import Tenant
from console.access.policy import Verb
from console.access.throttle import blocked_until, forget_failures, note_failure
from console.access.tokens import OFFERED
from console.models import User
from console.screens.home.start import START_PAGES

LONGEST_PASSWORD = 1024
DAYS = (("7", "in a week"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"))


class StartForm(forms.Form):
    """Where the bare address leads."""

    home_tenant = forms.ChoiceField(label="Tenant", required=False)
    home_page = forms.ChoiceField(label="Page", required=False)

    def __init__(self, *args: Any, user: User, tenants: Collection[Tenant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("home_tenant", [("", "the first by name"), *((str(each.pk), each.name) for each in tenants)])
        usual = "all tenants, or the chosen one's Overview" if len(tenants) > 1 else "the usual one"
        self._choices("home_page", [("", usual), *START_PAGES])
        self.initial = {"home_tenant": str(user.home_tenant_id or ""), "home_page": user.home_page}

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class PasswordForm(forms.Form):
    """Another password, by whoever knows the present one; who signs in by links alone has none yet."""

    present = forms.CharField(
        label="Present password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label="New password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=" ".join(password_validators_help_texts()),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="New password, again",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self._address = address
        if not user.has_usable_password():
            del self.fields["present"]

    def clean_present(self) -> str:
        """Raises ValidationError for a wrong one; whoever guesses has to wait, as at the door."""
        present: str = self.cleaned_data["present"]
        who = {"username": self._user.get_username(), "address": self._address}
        if blocked_until(**who):
            raise forms.ValidationError("Too many wrong passwords from here. Try again in some minutes.")
        if not self._user.check_password(present):
            note_failure(**who)
            raise forms.ValidationError("This is not your present password.")
        forget_failures(**who)
        return present

    def clean_new(self) -> str:
        """Raises ValidationError for one that is easily guessed."""
        new: str = self.cleaned_data["new"]
        validate_password(new, self._user)
        return new

    def clean_again(self) -> str:
        """Raises ValidationError for two that differ."""
        again: str = self.cleaned_data["again"]
        if "new" in self.cleaned_data and again != self.cleaned_data["new"]:
            raise forms.ValidationError("The two differ.")
        return again


class TokenForm(forms.Form):
    """A new token: what it is called, what it may do, and until when."""

    name = forms.CharField(
        max_length=60,
        help_text="Where it will be used, to know it again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    verbs = forms.MultipleChoiceField(
        label="It may",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one.", "invalid_choice": "Your role does not include this."},
    )
    days = forms.ChoiceField(label="It ends", choices=DAYS, initial="30")

    def __init__(self, *args: Any, verbs: Collection[Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["verbs"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(verb, words) for verb, words in OFFERED if verb in verbs]

    def expires_at(self) -> datetime:
        """The end of its time."""
        return timezone.now() + timedelta(days=int(self.cleaned_data["days"]))

    def chosen(self) -> list[Verb]:
        """What it may."""
        return [verb for verb, _ in OFFERED if verb in self.cleaned_data["verbs"]]
