"""What programs may send, checked strictly; whatever is wrong is told with its path and what is accepted there."""

import base64
import binascii
from typing import Annotated, Self, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from agents.admission import MOST_NAME_CHARACTERS, MOST_TASK_CHARACTERS
from agents.contracts.base import Json, JsonObject, Positive
from agents.task_input import input_as_task
from budgets.money import MoneyError, parse_usd
from budgets.own_limits import OwnLimits
from console.uploads import MOST_FILES

Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Name = Annotated[str, Field(max_length=MOST_NAME_CHARACTERS)]
REASON_CHARACTERS = 500
Body = TypeVar("Body", bound=BaseModel)


class Unreadable(Exception):
    """A body that is not what belongs there: the status of the answer, a sentence, and the fields that are wrong."""

    def __init__(self, status: int, text: str, fields: tuple[JsonObject, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.fields = fields


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class File(_Sent):
    """A file to attach."""

    name: Annotated[str, Field(min_length=1, max_length=255, description="a file name with its ending")]
    content_base64: Annotated[str, Field(description="the file's bytes in base64")]

    @property
    def content(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.content_base64)

    @field_validator("content_base64")
    @classmethod
    def _is_base64(cls, text: str) -> str:
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("this is no base64") from error
        return text


class LaunchBody(_Sent):
    """A launch; the names are those of the launch page."""

    agent: Annotated[Slug, Field(description="the name of an agent")]
    version: Annotated[
        Positive | None, Field(description="the number of one of its versions; without it the current one")
    ] = None
    surface: Annotated[Slug, Field(description="the name of one of the tenant's surfaces")]
    task: Annotated[str, Field(max_length=MOST_TASK_CHARACTERS, description="what the agent is to do, as text")] = ""
    input: Annotated[Json, Field(description="an object, for agents with an input schema, in the place of a task")] = (
        None
    )
    user: Annotated[Name, Field(description="the end user that it works for, at most 128 characters")] = ""
    session: Annotated[Name, Field(description="the session that it belongs to, at most 128 characters")] = ""
    llm: Annotated[
        str, Field(pattern=r"^[!-~]{0,128}$", description='vendor:name, such as "openai:gpt-5-mini"; the agent\'s own')
    ] = ""
    cap_usd: Annotated[str | None, Field(description='a text such as "0.05", no higher than the tier\'s')] = None
    turns: Annotated[Positive | None, Field(description="a number of turns, no higher than the tier's")] = None
    seconds: Annotated[Positive | None, Field(description="whole seconds, no more than the tier's")] = None
    files: Annotated[tuple[File, ...], Field(max_length=MOST_FILES, description="at most ten files", strict=False)] = ()
    dry_run: Annotated[bool, Field(description="true: everything is checked and nothing is launched")] = False

    @field_validator("cap_usd")
    @classmethod
    def _is_money(cls, text: str | None) -> str | None:
        try:
            parse_usd(text or "0")
        except MoneyError as error:
            raise ValueError(str(error)) from error
        return text

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.task and self.input is not None:
            raise ValueError("give a task or an input, not both")
        return self

    @property
    def words(self) -> str:
        """What the run is given as its task."""
        return self.task if self.input is None else input_as_task(self.input)

    @property
    def own(self) -> OwnLimits:
        """The limits that it asks for."""
        cap_nanos = None if self.cap_usd is None else parse_usd(self.cap_usd)
        return OwnLimits(run_nanos=cap_nanos, max_turns=self.turns, max_seconds=self.seconds)


class KillBody(_Sent):
    """Why a run is stopped; kept with the run."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS, description="why, in a few words")]


def read_body(request: HttpRequest, kind: type[Body]) -> Body:
    """The request's JSON as one of these. Raises Unreadable."""
    if request.content_type != "application/json":
        raise Unreadable(415, "Send JSON, with Content-Type: application/json.")
    try:
        return kind.model_validate_json(request.body)
    except RequestDataTooBig as error:
        raise Unreadable(413, "This is more than a request may hold.") from error
    except ValidationError as error:
        raise Unreadable(422, "Nothing was done: see fields.", tuple(_told(kind, error))) from error


def _told(kind: type[BaseModel], error: ValidationError) -> list[JsonObject]:
    return [
        {
            "path": ".".join(map(str, each["loc"])),
            "problem": each["msg"].removeprefix("Value error, "),
            "accepted": accepted(kind, tuple(each["loc"])),
        }
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def accepted(kind: type[BaseModel], path: tuple[str | int, ...]) -> JsonValue:
    """What belongs at a place, in words; for a name that is not known, the names that are."""
    fields = kind.model_fields
    first = fields.get(str(path[0])) if path else None
    if first is None:
        return f"one JSON object with: {', '.join(fields)}"
    if path[0] == "files" and len(path) > 2 and str(path[2]) in File.model_fields:
        return File.model_fields[str(path[2])].description
    return first.description
