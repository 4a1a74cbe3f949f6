"""A person's word on an approval, with the key of the arguments that they had before them."""

import json
from typing import Any

from django import forms

from agents.contracts.base import JsonObject
from console.screens.schema_form import MOST_CHARACTERS

NOTE_CHARACTERS = 500


class WordForm(forms.Form):
    """Yes or no; a no says why. ``arguments`` are what the person made of the call, as JSON, when they changed it."""

    decision = forms.ChoiceField(choices=[("approve", "Approve"), ("deny", "Deny")], widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    arguments = forms.CharField(max_length=2 * MOST_CHARACTERS, required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=NOTE_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.approve:
            self.fields["note"].label = "Reason"
            self.fields["note"].help_text = "The LLM reads it, and goes on without this call."
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = "Say why; the LLM reads it and it is kept with the run."

    @property
    def approve(self) -> bool:
        """Whether it is a yes."""
        return str(self["decision"].value()) == "approve"

    def clean_arguments(self) -> JsonObject | None:
        """None where nothing was changed."""
        text = self.cleaned_data["arguments"]
        if not text:
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError("These are no arguments; edit them again.") from error
        if not isinstance(value, dict):
            raise forms.ValidationError("These are no arguments; edit them again.")
        return value
