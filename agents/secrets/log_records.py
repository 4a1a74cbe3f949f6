"""Log records lose their secrets before any handler writes them."""

import logging

from agents.secrets.redaction import redacted

TRACEBACKS = logging.Formatter()
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class WithoutSecrets(logging.Filter):
    """For a handler: cleans the message, the traceback, and whatever the caller passed as ``extra``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes."""
        message = record.getMessage()
        if (cleaned := redacted(message)) is not message:
            record.msg, record.args = cleaned, None
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(TRACEBACKS.formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        for name in vars(record).keys() - ORDINARY:
            text = str(vars(record)[name])
            if (cleaned := redacted(text)) is not text:
                vars(record)[name] = cleaned
        return True
