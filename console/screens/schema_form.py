"""A form made of a JSON Schema: for arguments that a person edits, and for the input of an agent."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from pydantic import JsonValue

from agents.contracts.base import JsonObject

MOST_CHARACTERS = 200_000
LONG_TEXT = 90
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
Kind = str


class SchemaForm(forms.Form):
    """A field for each property; what is no text, number or choice is written as JSON.

    ``present`` are the values that there are already. Where nothing is there yet, what the schema requires is
    required of the form; a value that is there may be emptied, and then the schema's own check speaks.
    """

    def __init__(
        self, *args: Any, schema: JsonObject, present: JsonObject, is_new: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.present = present
        self._is_new = is_new
        required = schema.get("required")
        self._required = set(map(str, required)) if isinstance(required, list) else set()
        schemas = dict(properties(schema))
        self._kinds: dict[str, tuple[str, Kind]] = {}
        self._choices: dict[str, dict[str, JsonValue]] = {}
        for number, name in enumerate([*schemas, *(name for name in present if name not in schemas)]):
            kind = _kind(schemas.get(name, {}), present.get(name))
            self._kinds[f"a{number}"] = (name, kind)
            values = schemas.get(name, {}).get("enum")
            self._choices[f"a{number}"] = {as_text(each): each for each in values} if isinstance(values, list) else {}
            self.fields[f"a{number}"] = self._field(f"a{number}", name, kind, schemas.get(name, {}))

    def arguments(self) -> JsonObject:
        """What was written, as JSON; call it on a valid form. What was not touched stays as it was."""
        made: JsonObject = {}
        for field, (name, kind) in self._kinds.items():
            text = str(self.cleaned_data.get(field) or "").replace("\r\n", "\n")
            if name in self.present and text == as_text(self.present[name]).replace("\r\n", "\n"):
                made[name] = self.present[name]
            elif kind == "choice" and text:
                made[name] = self._choices[field][text]
            elif text or (kind == "text" and (name in self._required or name in self.present)):
                made[name] = _read(text, kind)
        return made

    def say(self, fields: list[JsonObject]) -> None:
        """Put complaints where they belong."""
        places = {name: field for field, (name, _) in self._kinds.items()}
        for complaint in fields:
            path = str(complaint.get("path") or "")
            top = path.strip("/").replace("/", ".").split(".")[0]
            said = str(complaint.get("problem") or "not accepted")
            accepted = complaint.get("accepted")
            hint = f" Accepted: {accepted if isinstance(accepted, str) else json.dumps(accepted)}." if accepted else ""
            place = path if path.strip("/") != top else ""
            self.add_error(places.get(top), f"{place} {said}{hint}".strip())

    def _field(self, field: str, name: str, kind: Kind, schema: JsonObject) -> forms.Field:
        value = as_text(self.present[name]) if name in self.present else ""
        given: dict[str, Any] = {
            "label": name,
            "required": name in self._required and (self._is_new or value != ""),
            "initial": value,
            "help_text": str(schema.get("description") or ""),
        }
        if kind == "choice":
            choices = [(each, each) for each in self._choices[field]]
            return forms.ChoiceField(choices=[("", "–"), *choices], **given)
        if kind == "truth":
            return forms.ChoiceField(choices=[("", "–"), ("true", "yes"), ("false", "no")], **given)
        return forms.CharField(max_length=MOST_CHARACTERS, strip=False, widget=_widget(kind, value, schema), **given)


def properties(schema: JsonObject) -> Mapping[str, JsonObject]:
    """What a schema says of each property; what it requires comes first, in its order.

    PostgreSQL keeps the order of a list and not that of an object's names.
    """
    given, required = schema.get("properties"), schema.get("required")
    if not isinstance(given, dict):
        return {}
    first = [str(name) for name in required if str(name) in given] if isinstance(required, list) else []
    fields = ((name, given[name]) for name in dict.fromkeys([*first, *given]))
    return {name: field if isinstance(field, dict) else {} for name, field in fields}


def as_text(value: JsonValue) -> str:
    """A text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def _widget(kind: Kind, value: str, schema: JsonObject) -> forms.Widget:
    off = {"autocomplete": "off"}
    if kind == "number":
        return forms.TextInput(attrs={**off, "inputmode": "decimal"})
    longest = schema.get("maxLength")
    is_long = "\n" in value or len(value) > LONG_TEXT or (isinstance(longest, int) and longest > 4 * LONG_TEXT)
    if kind == "json" or is_long:
        lines = min(16, max(3, value.count("\n") + 1 + len(value) // 70))
        return forms.Textarea(attrs={**off, "rows": lines, "spellcheck": "false" if kind == "json" else "true"})
    return forms.TextInput(attrs=off)


def _kind(schema: JsonObject, value: JsonValue) -> Kind:
    if isinstance(schema.get("enum"), list):
        return "choice"
    said = schema.get("type") or {str: "string", bool: "boolean", int: "integer", float: "number"}.get(type(value))
    return {"string": "text", "integer": "number", "number": "number", "boolean": "truth"}.get(str(said), "json")


def _read(text: str, kind: Kind) -> JsonValue:
    """The value that a text stands for; what is no such value stays text, and its check says what is wrong with it."""
    if kind == "text":
        return text
    if kind == "number" and not NUMBER.fullmatch(text.strip()):
        return text
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
