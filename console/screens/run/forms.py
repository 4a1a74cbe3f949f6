"""The forms of the run page: a kill wants a reason, a decision on an approval may carry a note."""

from django import forms

REASON_CHARACTERS = 500


class KillForm(forms.Form):
    """Why the run is stopped; kept with the run."""

    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say why; it is kept with the run."},
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class DecisionForm(forms.Form):
    """A person's word on a call that waits for it."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("deny", "Deny")])
    note = forms.CharField(max_length=REASON_CHARACTERS, required=False)
    seen = forms.CharField(max_length=64, required=False)
