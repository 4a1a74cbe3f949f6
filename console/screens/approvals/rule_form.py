"""The form of an approval rule: which calls it speaks of, and who must say yes to them."""

import json
from collections.abc import Iterator
from typing import Any, cast

from django import forms
from pydantic import JsonValue, ValidationError

from agents.approvals.rule_edits import RuleRefused, RuleText
from agents.approvals.rules import MOST_CONDITIONS, Condition, Operator, Rule, amount
from agents.engine.batch import ApproverRole
from agents.models import ApprovalRule

OPERATORS: tuple[Operator, ...] = ("=", "!=", "<", "<=", ">", ">=", "contains", "matches", "in")
PEOPLE = (("1", "one person says yes"), ("2", "two different people say yes"), ("0", "nobody: let it go"))
ROLES = (("operator", "operator or above"), ("approver", "approver or above"), ("admin", "admin"))
WAITS = (
    (15 * 60, "15 minutes"),
    (3_600, "an hour"),
    (4 * 3_600, "4 hours"),
    (86_400, "a day"),
    (7 * 86_400, "a week"),
)
HOW = (
    "One condition a line, all have to hold: a JSON Pointer, then = != < <= > >= contains matches in, then the value. "
    '/amount_cents > 5000 or /to matches @example\\.com$ or /reason in ["lost", "late"]'
)


class RuleForm(forms.Form):
    """A rule as lines that a person can read and write."""

    tool = forms.CharField(
        max_length=64,
        help_text="The name of a tool; * stands for anything.",
        widget=forms.TextInput(attrs={"list": "tools", "autocomplete": "off"}),
    )
    conditions = forms.CharField(
        required=False, max_length=4_000, help_text=HOW, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})
    )
    people = forms.TypedChoiceField(label="Who", choices=PEOPLE, coerce=int)
    role = forms.ChoiceField(label="Who are at least", choices=ROLES, initial="approver")
    expires_seconds = forms.TypedChoiceField(label="Denied by itself after", choices=WAITS, coerce=int, initial=86_400)
    note = forms.CharField(
        required=False, max_length=300, label="Why", help_text="People see it on each approval that it asks for."
    )

    def __init__(self, *args: Any, rule: ApprovalRule | None = None, **kwargs: Any) -> None:
        initial = _initial(rule) if rule else {}
        super().__init__(*args, **{"initial": initial, "label_suffix": "", **kwargs})
        waits = self.fields["expires_seconds"]
        if rule and isinstance(waits, forms.TypedChoiceField) and rule.expires_seconds not in dict(WAITS):
            waits.choices = [*WAITS, (rule.expires_seconds, f"{rule.expires_seconds} seconds")]

    def clean_conditions(self) -> list[Condition]:
        return list(_read_lines(self.cleaned_data["conditions"]))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                given["text"] = RuleText(
                    tool=given["tool"],
                    conditions=given["conditions"],
                    people=given["people"],
                    role=cast(ApproverRole, given["role"]),
                    expires_seconds=given["expires_seconds"],
                    note=given["note"],
                )
            except RuleRefused as why:
                raise forms.ValidationError(str(why)) from why
        return given

    @property
    def text(self) -> RuleText:
        """What was written; of a valid form."""
        return cast(RuleText, self.cleaned_data["text"])

    @property
    def judged(self) -> Rule:
        """It, ready to be tried on past calls."""
        text = self.text
        return Rule(None, text.tool.strip(), tuple(text.conditions), text.people, text.role)


def _initial(rule: ApprovalRule) -> dict[str, object]:
    return {
        "tool": rule.tool,
        "conditions": "\n".join(line_of(each) for each in rule.conditions),
        "people": rule.people,
        "role": rule.role,
        "expires_seconds": rule.expires_seconds,
        "note": rule.note,
    }


def line_of(condition: dict[str, JsonValue]) -> str:
    """A stored condition as it is written."""
    value = condition.get("value")
    return f"{condition.get('argument')} {condition.get('is')} {value if isinstance(value, str) else json.dumps(value)}"


def _read_lines(text: str) -> Iterator[Condition]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_CONDITIONS:
        raise forms.ValidationError(f"At most {MOST_CONDITIONS} conditions.")
    for line in lines:
        yield _read_line(line)


def _read_line(line: str) -> Condition:
    parts = line.split(maxsplit=2)
    if len(parts) < 3 or parts[1] not in OPERATORS:
        raise forms.ValidationError(f"“{line[:80]}” is no condition: write a pointer, an operator and a value.")
    try:
        return Condition.model_validate({"argument": parts[0], "is": parts[1], "value": _value(parts[1], parts[2])})
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise forms.ValidationError(f"“{line[:80]}”: {said}.") from error


def _value(operator: str, text: str) -> JsonValue:
    """JSON where it is that and no decimal, which stays text so that no float comes near an amount."""
    if operator in ("matches", "contains") or ("." in text and amount(text) is not None):
        return text.strip('"') if operator == "contains" else text
    try:
        value: JsonValue = json.loads(text, parse_float=str)
    except (ValueError, RecursionError):
        return text
    return value
