"""The forms of a fork and a retry: where to go back to, what to do otherwise, and why."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.contracts.messages import ToolCall
from agents.forks import MOST_PROMPT_CHARACTERS, ForkRefused

REASON_CHARACTERS = 500
NO_OBJECT = "Write one JSON object."
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class GoBackForm(forms.Form):
    """Where the new run goes on, and why it is made."""

    from_step = forms.TypedChoiceField(label="Go on", coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=REASON_CHARACTERS,
        error_messages={"required": "Say why; it is kept with both runs."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, places: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        where = self.fields["from_step"]
        assert isinstance(where, forms.TypedChoiceField)
        where.choices = places
        where.initial = places[0][0]
        self._places = [number for number, _ in places]

    @property
    def chosen_step(self) -> int:
        """Where to go on, also while the rest is not filled in."""
        chosen = str(self["from_step"].value())
        return next((number for number in self._places if str(number) == chosen), self._places[0])

    def refuse(self, error: ForkRefused | LaunchRefused) -> None:
        """Say at its field why nothing was made."""
        field = {"step": "from_step"}.get(error.field, error.field)
        self.add_error(field if field in self.fields else None, str(error))


class ForkForm(GoBackForm):
    """A fork: another LLM, other instructions, other arguments for the calls of the step."""

    llm = forms.ChoiceField(label="LLM")
    system_prompt = forms.CharField(
        label="Instructions",
        max_length=MOST_PROMPT_CHARACTERS,
        error_messages={"required": "The LLM needs instructions."},
        widget=forms.Textarea(attrs={"rows": 5, **PLAIN}),
        strip=False,
    )
    field_order = ("from_step", "llm", "system_prompt", "reason")

    def __init__(
        self,
        *args: Any,
        llms: Sequence[tuple[str, str]],
        instructions: str,
        calls: Sequence[ToolCall],
        step: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        llm = self.fields["llm"]
        assert isinstance(llm, forms.ChoiceField)
        llm.choices = list(llms)
        self.fields["system_prompt"].initial = instructions
        self._instructions, self._calls, self._step = instructions, calls, step
        for index, call in enumerate(calls):
            written = json.dumps(call.arguments, indent=2, ensure_ascii=False)
            self.fields[_named(index)] = forms.CharField(
                label=f"Arguments of {call.name}",
                strip=False,
                initial=written,
                error_messages={"required": NO_OBJECT},
                widget=forms.Textarea(attrs={"rows": min(12, written.count("\n") + 1), "class": "mono", **PLAIN}),
            )

    @property
    def argument_fields(self) -> list[forms.BoundField]:
        """One field for each call of the step."""
        return [self[_named(index)] for index in range(len(self._calls))]

    @property
    def new_instructions(self) -> str | None:
        """None when they are as they were."""
        written = str(self.cleaned_data["system_prompt"]).replace("\r\n", "\n")
        return None if written == self._instructions else written

    @property
    def arguments(self) -> dict[str, JsonObject]:
        """Those that differ, by call id; what is no JSON object is left out here and refused by ``clean``."""
        found: dict[str, JsonObject] = {}
        for index, call in enumerate(self._calls):
            given = _object(str(self[_named(index)].value() or ""))
            if given is not None and given != call.arguments:
                found[call.call_id] = given
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for index in range(len(self._calls)):
            written = cleaned.get(_named(index))
            if written is not None and _object(written) is None:
                self.add_error(_named(index), NO_OBJECT)
        if self.arguments and cleaned.get("from_step") not in (None, self._step):
            self.add_error("from_step", "Other arguments need the answer that asks for these calls: keep it.")
        return cleaned


def _named(index: int) -> str:
    return f"arguments_{index}"


def _object(text: str) -> JsonObject | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
