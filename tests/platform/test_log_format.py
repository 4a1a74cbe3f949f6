"""A log line is one JSON object, whatever is in it."""

import json
import logging
import sys
from typing import Any

from console.supervisor.log_format import JsonLines


def line(message: str, *arguments: object, **extra: object) -> dict[str, Any]:
    record = logging.getLogger("agents.sample").makeRecord(
        "agents.sample", logging.WARNING, "here", 1, message, arguments, None, extra=extra
    )
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_it_says_when_how_bad_who_and_what() -> None:
    found = line("run %s lost", "r1")
    assert (found["level"], found["logger"], found["message"]) == ("warning", "agents.sample", "run r1 lost")
    assert found["at"].endswith("+00:00")


def test_line_breaks_stay_inside_the_line() -> None:
    assert line("one\ntwo")["message"] == "one\ntwo"


def test_extra_fields_stand_beside_the_message_even_when_json_knows_no_word_for_them() -> None:
    found = line("charged", run="r1", cost_nanos=5, odd={1})
    assert (found["run"], found["cost_nanos"], found["odd"]) == ("r1", 5, "{1}")


def test_an_exception_is_kept_with_its_traceback() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "exc_info": sys.exc_info()})
    assert "ValueError: broken" in json.loads(JsonLines().format(record))["exception"]
