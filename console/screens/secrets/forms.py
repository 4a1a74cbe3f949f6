"""The form of a secret: what is typed into it is never shown again, not even when the form comes back with an error."""

from typing import Any

from django import forms

from agents.secrets.store import MOST_CHARACTERS, SecretRefused, check_name, check_value
from agents.secrets.writings import SHORTEST

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class SecretForm(forms.Form):
    """A name, a value, and for people of the platform whose it is."""

    name = forms.CharField(
        max_length=64,
        help_text="As {secret:NAME} says it in a tool's headers or address.",
        widget=forms.TextInput(attrs={**PLAIN, "class": "mono"}),
        error_messages={"required": "Give it the name that tools ask for."},
    )
    value = forms.CharField(
        max_length=MOST_CHARACTERS,
        help_text=(
            f"At least {SHORTEST} characters and no ordinary word: wherever it turns up in what a run writes, "
            "it is replaced by its name. Several lines: manage.py secrets set."
        ),
        widget=forms.PasswordInput(render_value=False, attrs=PLAIN),
        error_messages={"required": "Enter the value."},
    )
    whose = forms.ChoiceField(widget=forms.RadioSelect, initial="tenant")

    def __init__(self, *args: Any, tenant_slug: str, may_set_for_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["whose"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("tenant", f"Only {tenant_slug}"), *([("all", "All tenants")] if may_set_for_all else [])]
        if not may_set_for_all:
            field.widget, field.required = forms.HiddenInput(), False

    @property
    def for_all(self) -> bool:
        """Whether it shall be of all tenants."""
        return bool(self.cleaned_data["whose"] == "all")

    def clean_name(self) -> str:
        """Raises ValidationError for what cannot be a name."""
        name: str = self.cleaned_data["name"]
        return _checked(check_name, name)

    def clean_value(self) -> str:
        """Raises ValidationError, which never quotes the value."""
        value: str = self.cleaned_data["value"]
        return _checked(check_value, value)


def _checked(check: Any, text: str) -> str:
    try:
        check(text)
    except SecretRefused as refused:
        raise forms.ValidationError(refused.text) from None
    return text
