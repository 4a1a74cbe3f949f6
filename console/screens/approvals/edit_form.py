"""The form in which a person edits a call's arguments, made from the tool's JSON Schema."""

from typing import Any

from agents.contracts.base import JsonObject
from agents.contracts.specs import ToolSpec
from console.screens.schema_form import SchemaForm


class EditForm(SchemaForm):
    """A field for each argument."""

    def __init__(self, *args: Any, tool: ToolSpec, present: JsonObject, **kwargs: Any) -> None:
        super().__init__(*args, schema=tool.parameters, present=present, **kwargs)
