"""The verbs on secrets: set, remove, and lock all of them with the newest key. No row of an act holds a value."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from agents.llms.registry import VENDORS
from agents.models import Secret
from agents.secrets.keys import CannotRead, locked, relocked
from agents.secrets.matcher import mark
from agents.secrets.redaction import redacted
from agents.secrets.vault import vault
from agents.secrets.writings import why_not_hidden
from budgets import actions
from budgets.models import Tenant

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
MOST_CHARACTERS = 16_000
OF_VENDORS = frozenset({"COMPATIBLE_API_KEY"}.union(*(vendor.needs for vendor in VENDORS.values())))


class SecretRefused(ValueError):
    """A secret that cannot be: the field, and one sentence that never quotes the value."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets are under the newest key now, and the names of those that no key opened."""

    count: int
    unreadable: tuple[str, ...]


def set_secret(*, tenant: Tenant | None, name: str, value: str, actor: str) -> Secret:
    """Keep a value under a name, in place of an earlier one; ``tenant`` None is for all tenants.

    Raises SecretRefused, and KeysAmiss when there is no key to lock it with.
    """
    vault.refresh()
    check_name(name)
    if tenant is not None and name in OF_VENDORS:
        raise SecretRefused("name", "LLMs are asked with the secrets of all tenants, which only the platform sets.")
    check_value(value)
    ciphertext = locked(value)
    with transaction.atomic():
        secret, is_new = Secret.objects.select_for_update().get_or_create(
            tenant=tenant, name=name, defaults={"ciphertext": ciphertext, "set_by": actor}
        )
        if not is_new:
            Secret.objects.filter(pk=secret.pk).update(ciphertext=ciphertext, set_by=actor, set_at=Now(), used_at=None)
        _note(secret, actor, "secret.set" if is_new else "secret.replace")
        transaction.on_commit(vault.forget)
    return secret


def remove_secret(*, secret: Secret, actor: str) -> bool:
    """Take a secret away from whatever needs it. False when somebody else had done so."""
    with transaction.atomic():
        gone, _ = Secret.objects.filter(pk=secret.pk).delete()
        if gone:
            _note(secret, actor, "secret.remove")
            transaction.on_commit(vault.forget)
    return bool(gone)


def rotate(*, actor: str) -> Rotation:
    """Lock every secret with the newest key, so that the others can be thrown away. Raises KeysAmiss."""
    count, unreadable = 0, []
    with transaction.atomic():
        for secret in Secret.objects.select_for_update().order_by("pk"):
            try:
                secret.ciphertext = relocked(secret.ciphertext)
            except CannotRead:
                unreadable.append(secret.name)
                continue
            secret.save(update_fields=["ciphertext"])
            count += 1
        after = {"secrets": count, "unreadable": len(unreadable)}
        actions.note(actor=actor, verb="secret.rotate", target="the keys of all secrets", after=after)
        transaction.on_commit(vault.forget)
    return Rotation(count, tuple(unreadable))


def check_name(name: str) -> None:
    """Raises SecretRefused for what cannot stand in ``{secret:NAME}``, or holds the value of a secret itself."""
    if not NAME.fullmatch(name):
        raise SecretRefused("name", "Use 1 to 64 letters, digits, dots, hyphens and underscores.")
    if redacted(name) != name:
        raise SecretRefused("name", "This name holds a secret. Choose a name that anybody may read.")


def check_value(value: str) -> None:
    """Raises SecretRefused for a value that could not be kept out of texts, or that nothing would take."""
    if len(value) > MOST_CHARACTERS:
        raise SecretRefused("value", f"A secret has at most {MOST_CHARACTERS:,} characters.")
    if any(not (sign.isprintable() or sign in "\r\n\t") for sign in value):
        raise SecretRefused("value", "The value has a character that cannot be sent.")
    if why := why_not_hidden(value):
        raise SecretRefused("value", why)
    if any(value in mark(name) for name in Secret.objects.values_list("name", flat=True)):
        raise SecretRefused("value", "A secret has this very name: a name is shown, a value never.")


def _note(secret: Secret, actor: str, verb: str) -> None:
    whose = "" if secret.tenant else " of all tenants"
    actions.note(actor=actor, verb=verb, target=f"secret {secret.name}{whose}", tenant=secret.tenant)
