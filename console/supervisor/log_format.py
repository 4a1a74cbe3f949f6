"""Log lines: one JSON object a line for machines, plain words for people."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

PLAIN_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object, with whatever the caller passed as `extra` beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, never two: line breaks inside the message are escaped by JSON."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in ORDINARY}
        if record.exc_info:
            line["exception"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def logging_config(*, style: str) -> dict[str, Any]:
    """Django's LOGGING: everything to stdout in one style, `json` or `plain`; libraries from warnings up."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"without secrets": {"()": "agents.secrets.log_records.WithoutSecrets"}},
        "formatters": {
            "json": {"()": "console.supervisor.log_format.JsonLines"},
            "plain": {"format": PLAIN_FORMAT},
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "plain" if style == "plain" else "json",
                "filters": ["without secrets"],
            },
        },
        "root": {"handlers": ["stdout"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": "INFO"} for name in ("budgets", "agents", "console", "celery", "django.security")},
            # One line for each ring of the clock would bury everything else.
            **{name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")},
        },
    }
