"""The forms about a tenant."""

from django import forms

from budgets.tenants import NAME_MAX_CHARS

SLUG_MAX_CHARS = 60
ZONE_MAX_CHARS = 64
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class NameForm(forms.Form):
    """What a tenant is called."""

    name = forms.CharField(
        max_length=NAME_MAX_CHARS,
        error_messages={"required": "Write its name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AddForm(NameForm):
    """A new tenant; what its verb refuses is said at these fields too."""

    slug = forms.CharField(
        max_length=SLUG_MAX_CHARS,
        label="Short name",
        help_text="For addresses: letters, digits, - and _. It stays as it is.",
        error_messages={"required": "Write a short name for addresses."},
        widget=forms.TextInput(attrs={**PLAIN, "autofocus": True}),
    )
    timezone = forms.CharField(
        max_length=ZONE_MAX_CHARS,
        label="Time zone",
        initial="UTC",
        help_text="When its days begin, and with them its budgets: such as Europe/Vienna.",
        error_messages={"required": "Choose a time zone."},
        widget=forms.TextInput(attrs={**PLAIN, "list": "zones"}),
    )
    field_order = ("slug", "name", "timezone")
