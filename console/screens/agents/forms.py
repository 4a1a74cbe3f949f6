"""The form of a new version: every part of an agent, as lines and numbers that people can type."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from pydantic import BaseModel, ValidationError

from agents.agent_edits import faults
from agents.contracts.base import JsonObject
from agents.contracts.specs import AgentSpec, CheckSpec, Grading, LoopLimits, MemoryLimits, ToolSpec

PLAIN = {"autocomplete": "off", "spellcheck": "false"}
LONGEST_TEXT = 200_000
GROUPS: Mapping[str, type[BaseModel]] = {"memory": MemoryLimits, "limits": LoopLimits}
TEXTS = ("title", "purpose", "example_task", "system_prompt", "summary_llm")


class VersionForm(forms.Form):
    """What is typed becomes a spec; what the spec does not allow is said at the field."""

    title = forms.CharField(max_length=120)
    purpose = forms.CharField(max_length=500)
    example_task = forms.CharField(
        required=False, max_length=2_000, label="Example task", widget=forms.Textarea(attrs={"rows": 2})
    )
    system_prompt = forms.CharField(
        max_length=LONGEST_TEXT,
        label="Instructions",
        widget=forms.Textarea(attrs={"rows": 18, "class": "mono", "spellcheck": "true"}),
    )
    llms = forms.CharField(
        label="LLM chain",
        help_text="vendor:name, one a line. The first is asked; the next one when it cannot answer.",
        widget=forms.Textarea(attrs={**PLAIN, "rows": 3, "class": "mono"}),
    )
    llms_calling_in_text = forms.CharField(
        required=False,
        label="Of these, call tools in plain text",
        help_text="For LLMs without calls of their own: one a line.",
        widget=forms.Textarea(attrs={**PLAIN, "rows": 2, "class": "mono"}),
    )
    summary_llm = forms.CharField(
        required=False,
        label="LLM that summarises",
        help_text="Empty: old results are cut, not summarised.",
        widget=forms.TextInput(attrs={**PLAIN, "class": "mono"}),
    )
    tools = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    checks = forms.CharField(
        required=False,
        label="Checks",
        help_text='One a line, with its settings as JSON: length {"minimum": 40, "maximum": 3000}',
        widget=forms.Textarea(attrs={**PLAIN, "rows": 6, "class": "mono"}),
    )
    grading_llm = forms.CharField(
        required=False,
        label="LLM that grades",
        help_text="Empty: nobody grades. It is asked once all checks have passed, and charged to the run.",
        widget=forms.TextInput(attrs={**PLAIN, "class": "mono"}),
    )
    grading_rubric = forms.CharField(
        required=False, label="What it grades by", max_length=5_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    grading_least = forms.IntegerField(required=False, label="Least grade", min_value=1, max_value=10)
    input_schema = forms.CharField(
        required=False,
        max_length=100_000,
        label="Input",
        help_text="A JSON Schema of one object: the launch page asks for its fields. Empty: the task is any text.",
        widget=forms.Textarea(attrs={**PLAIN, "rows": 8, "class": "mono"}),
    )
    note = forms.CharField(
        max_length=500,
        label="Why",
        help_text="For whoever compares the versions.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None, *, spec: AgentSpec, number: int, offered: Mapping[str, ToolSpec]
    ) -> None:
        super().__init__(data, initial={**typed(spec), "based_on": number})
        self._spec = spec
        self._offered = offered
        self.spec: AgentSpec | None = None
        choices = self.fields["tools"]
        assert isinstance(choices, forms.MultipleChoiceField)
        choices.choices = [(name, name) for name in sorted(offered)]
        for group, model in GROUPS.items():
            for name in model.model_fields:
                label = name.replace("_", " ").capitalize()
                self.fields[f"{group}_{name}"] = forms.IntegerField(min_value=0, max_value=10**9, label=label)

    def numbers_of(self, group: str) -> list[forms.BoundField]:
        """The fields of the memory or of the limits."""
        return [self[f"{group}_{name}"] for name in GROUPS[group].model_fields]

    @property
    def memory(self) -> list[forms.BoundField]:
        """The limits of the memory."""
        return self.numbers_of("memory")

    @property
    def limits(self) -> list[forms.BoundField]:
        """The limits of the loop."""
        return self.numbers_of("limits")

    def clean(self) -> None:
        """Raises nothing: what is wrong stands at its field."""
        if self.errors:
            return
        try:
            spec = self._built()
        except _NoJson as error:
            self.add_error(error.field, str(error))
            return
        except ValidationError as error:
            self._add_errors(error)
            return
        for fault in faults(spec):
            self.add_error(fault.part, fault.text)
        self.spec = spec

    def _built(self) -> AgentSpec:
        said = self.cleaned_data
        chosen = said["tools"]
        content: dict[str, Any] = {
            **self._spec.model_dump(mode="json"),
            **{name: said[name] for name in TEXTS},
            "llms": _lines(said["llms"]),
            "llms_calling_in_text": _lines(said["llms_calling_in_text"]),
            "tools": [self._offered[name].model_dump(mode="json") for name in self._in_order(chosen)],
            "checks": [check.model_dump(mode="json") for check in map(_check, _lines(said["checks"]))],
            "grading": self._grading(said),
            "input_schema": _object(said["input_schema"], "input_schema", "The schema"),
            **{group: _numbers(said, group, model) for group, model in GROUPS.items()},
        }
        return AgentSpec.model_validate_json(json.dumps(content))

    def _in_order(self, chosen: list[str]) -> list[str]:
        """As they stood before, the new ones behind."""
        before = [tool.name for tool in self._spec.tools]
        return sorted(chosen, key=lambda name: before.index(name) if name in before else len(before))

    def _grading(self, said: Mapping[str, Any]) -> dict[str, Any] | None:
        if not said["grading_llm"]:
            return None
        least = said["grading_least"] or Grading.model_fields["least"].default
        return {"llm": said["grading_llm"], "rubric": said["grading_rubric"], "least": least}

    def _add_errors(self, error: ValidationError) -> None:
        for each in error.errors(include_url=False, include_input=False):
            place = "_".join(str(part) for part in each["loc"][:2])
            first = str(each["loc"][0]) if each["loc"] else ""
            name = next((known for known in (place, first) if known in self.fields), None)
            self.add_error(name, each["msg"])


class _NoJson(ValueError):
    """What is typed into a field is not the JSON that belongs there."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def typed(spec: AgentSpec) -> dict[str, Any]:
    """What the form starts with to show a spec."""
    shown: dict[str, Any] = {
        **{name: getattr(spec, name) for name in TEXTS},
        "llms": "\n".join(spec.llms),
        "llms_calling_in_text": "\n".join(spec.llms_calling_in_text),
        "tools": [tool.name for tool in spec.tools],
        "checks": "\n".join(map(_check_line, spec.checks)),
        "input_schema": json.dumps(spec.input_schema, indent=2, ensure_ascii=False) if spec.input_schema else "",
    }
    if spec.grading is not None:
        shown |= {f"grading_{name}": value for name, value in spec.grading.model_dump().items()}
    for group in GROUPS:
        part: BaseModel = getattr(spec, group)
        shown |= {f"{group}_{name}": value for name, value in part.model_dump().items()}
    return shown


def _numbers(said: Mapping[str, Any], group: str, model: type[BaseModel]) -> dict[str, Any]:
    return {name: said[f"{group}_{name}"] for name in model.model_fields}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _check_line(check: CheckSpec) -> str:
    return f"{check.check} {json.dumps(check.settings, ensure_ascii=False)}" if check.settings else check.check


def _check(line: str) -> CheckSpec:
    name, _, settings = line.partition(" ")
    return CheckSpec(check=name, settings=_object(settings, "checks", f"The settings of {name[:40]}"))


def _object(text: str, field: str, what: str) -> JsonObject:
    """The JSON object that was typed; {} for nothing."""
    try:
        read = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise _NoJson(field, f"{what}: this is no JSON: {error}.") from error
    if not isinstance(read, dict):
        raise _NoJson(field, f"{what}: it belongs in braces.")
    return read
