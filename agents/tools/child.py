"""The child's side of a blocking tool: one process that serves one call at a time, and may be killed at any moment."""

import json
import os
import signal
import sys
from typing import BinaryIO, cast

import django
from django.db import close_old_connections
from pydantic import BaseModel

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call, NotSent, ToolRefusal
from agents.tools.boundary import arguments_class, resolve
from agents.tools.define import ToolFunction
from agents.tools.output import CutText, cut_if_large


def answer(request: JsonObject) -> JsonObject:
    """Carry out one call: ``{"ok": ...}``, ``{"cut": ...}``, ``{"refused": text}`` or ``{"failed": text}``.

    A failure from before anything can have left is ``unsent`` too.
    """
    target = str(request["target"])
    try:
        function = cast(ToolFunction, resolve(target))
        arguments: BaseModel = arguments_class(target).model_validate_json(json.dumps(request["arguments"]))
        call = Call.model_validate(request["call"])
    except Exception as error:  # whatever a tool raises is that implementation's failure, never the runtime's
        return {"failed": _told(error), "unsent": True}
    try:
        value = function(arguments, call)
        kept = cut_if_large(value)
        return {"cut": kept.to_wire()} if isinstance(kept, CutText) else {"ok": kept}
    except ToolRefusal as refusal:
        return {"refused": str(refusal)}
    except NotSent as unsent:
        return {"failed": str(unsent)[:500], "unsent": True}
    except Exception as error:  # as above, but the tool has begun
        return {"failed": _told(error)}


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """One JSON line in, one out, until the parent closes the pipe."""
    for line in requests:
        close_old_connections()  # the database may have been restarted since the last call
        text = json.dumps(answer(json.loads(line)), ensure_ascii=False)
        answers.write(text.encode("utf-8", "surrogatepass") + b"\n")
        answers.flush()


def main() -> None:
    """Keep the pipe to ourselves: what a tool prints goes to stderr.

    The worker says when a child ends: a SIGTERM to the whole group means that calls in flight may finish.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    django.setup()
    serve(sys.stdin.buffer, pipe)


if __name__ == "__main__":
    main()
