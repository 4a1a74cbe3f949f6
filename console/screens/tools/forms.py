"""The forms of the Tools screen: why a link is forced, from when on it is slow, a word for the next operator."""

from django import forms

from agents.tool_control import LONGEST_NOTE, MOST_SLOW_MS
from console.screens.stops.forms import ReasonForm

__all__ = ["NoteForm", "ReasonForm", "SlowForm"]


class SlowForm(ReasonForm):
    """Empty: as the implementation itself says; 0: never."""

    slow_after_ms = forms.IntegerField(
        label="Too slow from",
        required=False,
        min_value=0,
        max_value=MOST_SLOW_MS,
        help_text="Milliseconds. 0: never. Empty: as the implementation itself says.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ["slow_after_ms", "reason"]


class NoteForm(forms.Form):
    """What the next operator should know."""

    text = forms.CharField(
        label="Note",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write what the next operator should know."},
    )
