"""Secrets in rows: locked, opened where they are used, and of no use without their keys."""

import asyncio
import logging
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from agents.models import Secret
from agents.secrets.keys import CannotRead, KeysAmiss, locked, opened
from agents.secrets.redaction import from_environment, redacted
from agents.secrets.store import SecretRefused, remove_secret, rotate, set_secret
from agents.secrets.vault import vault
from budgets.models import Action, Tenant

VALUE = "canary-Zq7-value"


@pytest.fixture
def acme(db: None) -> Tenant:  # noqa: ARG001
    """A tenant."""
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def globex(db: None) -> Tenant:  # noqa: ARG001
    """Another tenant."""
    return Tenant.objects.create(slug="globex", name="Globex")


def keep(tenant: Tenant | None, name: str = "CRM_KEY", value: str = VALUE) -> Secret:
    secret = set_secret(tenant=tenant, name=name, value=value, actor="ada")
    vault.forget()
    return secret


def test_a_tenants_own_secret_goes_before_that_of_all(acme: Tenant, globex: Tenant) -> None:
    keep(None, value="of-all-tenants-1")
    keep(None, "OTHER", "other-of-all-2")
    keep(acme, value="acmes-own-one-3")
    assert dict(vault.of_tenant("acme")) == {"CRM_KEY": "acmes-own-one-3", "OTHER": "other-of-all-2"}
    assert dict(vault.of_tenant("globex")) == {"CRM_KEY": "of-all-tenants-1", "OTHER": "other-of-all-2"}
    assert globex.slug not in repr(vault.of_tenant("globex"))


def test_no_row_holds_a_value(acme: Tenant) -> None:
    secret = keep(acme)
    keep(acme, value="another-Value-8")
    remove_secret(secret=secret, actor="ada")
    told = [(row.verb, row.target, row.before, row.after) for row in Action.objects.order_by("pk")]
    assert told == [
        ("secret.set", "secret CRM_KEY", {}, {}),
        ("secret.replace", "secret CRM_KEY", {}, {}),
        ("secret.remove", "secret CRM_KEY", {}, {}),
    ]
    vault.forget()
    assert "CRM_KEY" not in vault.of_tenant("acme")


def test_the_key_is_made_once_for_its_owner_alone(acme: Tenant, settings: Settings) -> None:
    path: Path = settings.SECRET_KEYS_FILE
    keep(acme)
    first = path.read_text()
    keep(acme, "OTHER")
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert VALUE not in Secret.objects.values_list("ciphertext", flat=True)[0]


def test_after_a_rotation_the_old_key_is_of_no_more_use(
    acme: Tenant, settings: Settings, two_keys: tuple[str, str]
) -> None:
    old, new = two_keys
    settings.SECRET_KEYS = [old]
    keep(acme)
    settings.SECRET_KEYS = [new, old]
    assert rotate(actor="ada").count == 1
    settings.SECRET_KEYS = [new]
    vault.forget()
    assert vault.of_tenant("acme")["CRM_KEY"] == VALUE
    settings.SECRET_KEYS = [old]
    with pytest.raises(CannotRead, match="cannot be read with the present keys"):
        opened(Secret.objects.get().ciphertext)


def test_a_lost_key_is_said_once_and_everything_else_goes_on(
    acme: Tenant, settings: Settings, two_keys: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECRET_KEYS = [two_keys[0]]
    keep(acme)
    settings.SECRET_KEYS = [two_keys[1]]
    keep(acme, "OTHER")
    vault._open.clear()  # another process, which never had the old key
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            vault.forget()
            assert list(vault.of_tenant("acme")) == ["OTHER"]
    assert [record.getMessage() for record in caplog.records] == [
        "the secret CRM_KEY: It cannot be read with the present keys."
    ]
    assert rotate(actor="ada").unreadable == ("CRM_KEY",)


@pytest.mark.parametrize("keys", [["nonsense"], []])
def test_without_a_key_nothing_opens_and_the_error_says_why(
    keys: list[str], settings: Settings, two_keys: tuple[str, str]
) -> None:
    settings.SECRET_KEYS = [two_keys[0]]
    ciphertext = locked(VALUE)
    settings.SECRET_KEYS = keys
    with pytest.raises(KeysAmiss, match="WATCHFLOOR_SECRET_KEYS"):
        opened(ciphertext)


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("A B", VALUE, "name"),
        ("", VALUE, "name"),
        ("GOOD", "sh0rt!", "value"),
        ("GOOD", "password", "value"),
        ("GOOD", "with\x00nul-9", "value"),
        ("GOOD", "v4" * 9_000, "value"),
        (VALUE, "another-Value-8", "name"),
        ("GOOD", "SOME-NAME.1", "value"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_without_quoting_it(acme: Tenant, name: str, value: str, field: str) -> None:
    keep(acme)
    keep(acme, "SOME-NAME.1", "quite-Another-7")
    with pytest.raises(SecretRefused) as refused:
        set_secret(tenant=acme, name=name, value=value, actor="ada")
    assert refused.value.field == field
    assert value not in refused.value.text
    assert Secret.objects.count() == 2


def test_an_event_loop_is_served_from_memory(acme: Tenant, django_assert_num_queries: Any) -> None:
    keep(acme)
    vault.refresh()
    vault.forget()

    async def on_the_loop() -> str:
        return vault.of_tenant("acme")["CRM_KEY"]

    with django_assert_num_queries(0):
        assert asyncio.run(on_the_loop()) == VALUE
    with django_assert_num_queries(2):  # the rows, and that one was used
        for _ in range(50):
            assert vault.of_tenant("acme")


def test_the_last_use_is_written_now_and_then(acme: Tenant) -> None:
    keep(acme)
    keep(acme, "UNUSED", "never-used-1")
    assert vault.of_tenant("acme")["CRM_KEY"]
    vault._used_written_at = float("-inf")
    vault.forget()
    vault.refresh()
    assert {row.name: row.used_at is not None for row in Secret.objects.all()} == {"CRM_KEY": True, "UNUSED": False}


def test_what_is_set_is_redacted_from_the_next_look_on(acme: Tenant) -> None:
    keep(acme)
    vault.refresh()
    assert redacted(f"it is {VALUE}!") == "it is [redacted CRM_KEY]!"


def test_the_environment_goes_before_secrets(db: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment-1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", " ")
    keep(None, "OPENAI_API_KEY", "from-the-vault-2")
    keep(None, "ANTHROPIC_API_KEY", "from-the-vault-3")
    environ = vault.environ()
    assert environ["OPENAI_API_KEY"] == "from-the-environment-1"
    assert environ["ANTHROPIC_API_KEY"] == "from-the-vault-3"
    assert environ.get("COMPATIBLE_API_KEY", "") == ""
    assert "vault" not in repr(environ)


def test_keys_and_passwords_of_the_environment_are_known() -> None:
    environ = {
        "MISTRAL_API_KEY": "mistral-key-1",
        "WATCHFLOOR_SECRET_KEYS": "first-key-1, second-key-2",
        "DATABASE_URL": "postgresql://ada:p%40ss-word-3@db/watchfloor",
        "REDIS_URL": "redis://[nonsense",
        "HOME": "/home/ada-1234",
    }
    values = [value for _, value in from_environment(environ)]
    assert values == ["mistral-key-1", "first-key-1", "second-key-2", "p@ss-word-3"]


def test_the_terminal_takes_a_value_from_standard_input_and_shows_none(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "typed").write_text(f"{VALUE}\n")
    with (tmp_path / "typed").open() as typed:
        monkeypatch.setattr("sys.stdin", typed)
        call_command("secrets", "set", "CRM_KEY", "--tenant", acme.slug)
    call_command("secrets", "list")
    call_command("secrets", "rotate")
    vault.forget()
    assert vault.of_tenant("acme")["CRM_KEY"] == VALUE
    call_command("secrets", "remove", "CRM_KEY", "--tenant", acme.slug)
    with pytest.raises(CommandError, match="has no secret CRM_KEY"):
        call_command("secrets", "remove", "CRM_KEY", "--tenant", acme.slug)
    said = capsys.readouterr().out
    assert VALUE not in said
    assert "CRM_KEY  tenant acme, by" in said
