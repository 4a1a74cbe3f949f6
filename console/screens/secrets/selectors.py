"""What the page of secrets shows: what is needed and not set, and what is set; never a value."""

from dataclasses import dataclass

from django.db.models import Q

from agents.models import Secret
from agents.secrets.keys import KeysAmiss, opened
from agents.secrets.store import OF_VENDORS
from budgets.models import Tenant
from console.screens.secrets.needs import Needs, needs


@dataclass(frozen=True, slots=True)
class Line:
    """A secret that is set; ``amiss``: why it cannot be read; ``hidden_by_own``: the tenant's own goes before it."""

    secret: Secret
    needed_by: tuple[str, ...]
    amiss: str
    hidden_by_own: bool

    @property
    def of_all(self) -> bool:
        """Whether it is of all tenants."""
        return self.secret.tenant_id is None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret that something needs and nobody has set; one of a vendor only the platform can set."""

    name: str
    needed_by: tuple[str, ...]
    of_vendor: bool


@dataclass(frozen=True, slots=True)
class Secrets:
    """The page."""

    wanted: list[Wanted]
    lines: list[Line]

    @property
    def unreadable(self) -> int:
        """How many no key opens."""
        return sum(1 for line in self.lines if line.amiss)


def secrets_of(tenant: Tenant) -> Secrets:
    """The tenant's own secrets and those of all tenants, with who needs them."""
    rows = list(Secret.objects.filter(Q(tenant=tenant) | Q(tenant=None)).order_by("name", "tenant_id"))
    own = {row.name for row in rows if row.tenant_id}
    needed = needs()
    lines = [_line(row, needed, hidden=row.tenant_id is None and row.name in own) for row in rows]
    absent = sorted(needed.keys() - {row.name for row in rows})
    return Secrets([Wanted(name, tuple(needed[name]), name in OF_VENDORS) for name in absent], lines)


def left_without(secret: Secret) -> tuple[str, ...]:
    """Who has nothing to go on with once this secret is removed."""
    if secret.tenant_id and Secret.objects.filter(tenant=None, name=secret.name).exists():
        return ()
    return tuple(needs().get(secret.name, ()))


def _line(secret: Secret, needed: Needs, *, hidden: bool) -> Line:
    return Line(secret, tuple(needed.get(secret.name, ())), _amiss(secret), hidden)


def _amiss(secret: Secret) -> str:
    try:
        opened(secret.ciphertext)
    except KeysAmiss as amiss:
        return str(amiss)
    return ""
