"""Secrets are filled in by name, once, and a missing one is named."""

import pytest

from agents.secrets.placeholders import MissingSecret, filled, names_in

SECRETS = {"CRM_KEY": "s3cr3t", "OTHER": "{secret:CRM_KEY}"}


def test_each_placeholder_is_filled_once() -> None:
    assert filled("Bearer {secret:CRM_KEY}, {secret:OTHER}", SECRETS) == "Bearer s3cr3t, {secret:CRM_KEY}"


@pytest.mark.parametrize("text", ["{secret:}", "{ secret:A}", "{secret:a b}", "{name}"])
def test_what_is_no_placeholder_stays(text: str) -> None:
    assert filled(text, {}) == text
    assert names_in(text) == set()


def test_a_secret_that_nobody_has_set_is_named() -> None:
    with pytest.raises(MissingSecret, match="The secret GONE is not set"):
        filled("x {secret:GONE}", SECRETS)


def test_all_names_are_known_before_a_call() -> None:
    assert names_in("{secret:A}", "b {secret:B} {secret:A}") == {"A", "B"}
