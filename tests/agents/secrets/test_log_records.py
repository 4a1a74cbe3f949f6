"""What is logged has no secrets, whichever handler writes it and in whichever style."""

import json
import logging
import logging.config

import pytest

from agents.secrets.redaction import known
from console.supervisor.log_format import logging_config

VALUE = "canary-Zq7-value"


def fail() -> None:
    raise ValueError(f"tool said {VALUE}")


@pytest.mark.parametrize("style", ["json", "plain"])
def test_message_traceback_and_extras_are_clean(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    known.learn([("CRM_KEY", VALUE)])
    logger = logging.getLogger(f"agents.test.{style}")
    before = logging.getLogger().handlers[:]
    logging.config.dictConfig({**logging_config(style=style), "disable_existing_loggers": False})
    try:
        logger.warning("sent %s", VALUE, extra={"address": f"https://x.example/?k={VALUE}"})
        try:
            fail()
        except ValueError:
            logger.exception("failed")
    finally:
        logging.getLogger().handlers[:] = before
    said = capsys.readouterr().out
    assert VALUE not in said
    assert "sent [redacted CRM_KEY]" in said
    assert "ValueError: tool said [redacted CRM_KEY]" in said


def test_every_handler_has_the_filter() -> None:
    config = logging_config(style="json")
    assert all("without secrets" in handler["filters"] for handler in config["handlers"].values())
    assert json.dumps(config["filters"]).count("agents.secrets.log_records.WithoutSecrets") == 1
