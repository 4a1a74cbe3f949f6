"""The base of every contract: immutable, strict about unknown fields, plain JSON inside."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation

# What is inside is not walked through: it came out of a JSON reader, and the gate in front of storage looks again.
Json = Annotated[JsonValue, SkipValidation]
JsonObject = Annotated[dict[str, JsonValue], SkipValidation]

NonEmpty = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Contract(BaseModel):
    """A value that crosses a boundary; equal by content and never changed in place."""

    model_config = ConfigDict(frozen=True, extra="forbid")
