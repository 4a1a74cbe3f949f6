"""The forms that stop and let go again: a reason always, and for more than one run the verb and the count by hand."""

from typing import Any

from django import forms

REASON_CHARACTERS = 500
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class ReasonForm(forms.Form):
    """Why; kept with what was done."""

    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say why; it is kept with what is done."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class StopForm(ReasonForm):
    """``phrase`` is what has to be typed, such as ``kill 12``; empty: nothing."""

    confirm = forms.CharField(required=False, max_length=40, widget=forms.TextInput(attrs={**PLAIN, "class": "mono"}))
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, phrase: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phrase = phrase

    def clean_confirm(self) -> str:
        """Raises ValidationError when it is not the phrase; capitals, spaces and a comma in the count do not matter."""
        typed = " ".join(self.cleaned_data["confirm"].lower().replace(",", "").split())
        if self.phrase and typed != self.phrase:
            raise forms.ValidationError(f"Type {self.phrase}.")
        return typed


def phrase_for(verb: str, count: int) -> str:
    """What one types to stop so many runs; nothing for one or none."""
    return f"{verb} {count}" if count > 1 else ""
