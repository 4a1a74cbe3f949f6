"""The form for a person's word on an effect: what became of it, why they say so, and what it gave."""

import json
from typing import Any, Never, cast

from django import forms
from pydantic import JsonValue

from agents.effects import Word
from agents.models import Effect

REASON_CHARACTERS = 500
RESULT_CHARACTERS = 20_000
WORDS: tuple[tuple[Word, str], ...] = (
    ("happened", "It happened"),
    ("again", "Try again"),
    ("given_up", "Give up"),
)


class ResolveForm(forms.Form):
    """One of three words with a reason; the first that is sent holds."""

    outcome = forms.ChoiceField(
        choices=WORDS, error_messages={"required": "Choose one of the three.", "invalid_choice": "Choose one of them."}
    )
    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say how you know; it is kept with the effect."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    result = forms.CharField(
        required=False,
        max_length=RESULT_CHARACTERS,
        label="What it gave",
        help_text="Text or JSON. The LLM gets it as the answer of this call; without it, only that the call happened.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, effect: Effect, may_send_again: bool, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": f"id_%s_{effect.pk}"})
        if not may_send_again:
            field = cast(forms.ChoiceField, self.fields["outcome"])
            field.choices = [each for each in WORDS if each[0] != "again"]

    @property
    def word(self) -> Word:
        """What the person said."""
        return cast(Word, self.cleaned_data["outcome"])

    @property
    def given(self) -> JsonValue:
        """The result as JSON where the text is that, else as text; None when nothing was said."""
        return read_result(self.cleaned_data["result"])


def read_result(text: str) -> JsonValue:
    """What a person wrote as JSON where it is that, else as text; None when it is blank."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text.strip() or None
    return value


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")
