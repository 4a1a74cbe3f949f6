"""The form of the run page: a kill wants a reason."""

from django import forms

REASON_CHARACTERS = 500


class KillForm(forms.Form):
    """Why the run is stopped; kept with the run."""

    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say why; it is kept with the run."},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
