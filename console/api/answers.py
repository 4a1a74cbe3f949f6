"""What the API answers: JSON of one shape for what went well, of one other shape for what did not. Pure."""

from collections.abc import Mapping, Sequence

from django.http import JsonResponse

from agents.contracts.base import JsonObject


def answer(status: int, content: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Not to be kept by anybody on the way."""
    return JsonResponse(content, status=status, headers={"Cache-Control": "no-store", **(headers or {})})


def fault(
    status: int,
    code: str,
    message: str,
    *,
    fields: Sequence[JsonObject] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Why not: a code for programs, a sentence for people, and for each wrong field its path and what is accepted."""
    said: dict[str, object] = {"code": code, "message": message}
    if fields:
        said["fields"] = list(fields)
    return answer(status, {"error": said}, headers=headers)
