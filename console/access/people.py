"""The verbs on people: into a tenant, another role, out of it, a link to sign in with; and shut out of all of it."""

import re
from dataclasses import dataclass
from typing import get_args

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from budgets import actions
from budgets.models import Tenant
from console.access.policy import MAY, Role
from console.access.sessions import end_all_sessions
from console.access.sign_in_links import create_link, void_links
from console.models import ApiToken, Membership, User

ROLES_IN_ORDER: tuple[Role, ...] = get_args(Role)
NAME_MAX_CHARS = 60
LINK_MINUTES = 60
TAKEN = "Somebody has this name already. If it is the same person, an admin of the platform can add them."
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9@.+_-]{{0,{NAME_MAX_CHARS - 1}}}")


class PersonRefused(ValueError):
    """What may not be done to a person: the field ("" for the whole), and one sentence fit to stand there."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


@dataclass(frozen=True, slots=True)
class Added:
    """A new member, and whether the person is new as well."""

    member: Membership
    is_new: bool


def add_member(*, tenant: Tenant, username: str, role: str, actor: User) -> Added:
    """Give a person a role in a tenant, making the person when nobody has that name. Raises `PersonRefused`.

    Who has been let into an account by one tenant's admin must not come into another tenant by it: a person who is
    elsewhere too is added by the platform's admins alone, and links that are still open end.
    """
    _check_role(role)
    try:
        with transaction.atomic():
            person, is_new = _person(username, actor)
            member = Membership.objects.create(user=person, tenant=tenant, role=role)
            void_links(person)
            _note(member, actor, "person.add", after={"role": role})
    except IntegrityError:
        raise PersonRefused("username", f"{username} is in {tenant.slug} already.") from None
    return Added(member, is_new)


def change_role(*, member: Membership, role: str, actor: User) -> bool:
    """Give a member another role; False for the one that they have. Raises `PersonRefused`."""
    _check_role(role)
    with transaction.atomic():
        held, is_last_admin = _held(member, actor, "role")
        if held.role == role:
            return False
        if is_last_admin:
            raise PersonRefused("role", _last(held))
        Membership.objects.filter(pk=held.pk).update(role=role)
        _note(held, actor, "person.role", before={"role": held.role}, after={"role": role})
    return True


def remove_member(*, member: Membership, actor: User) -> None:
    """Take a person out of a tenant; their tokens for it end. Raises `PersonRefused`."""
    with transaction.atomic():
        held, is_last_admin = _held(member, actor, "")
        if is_last_admin:
            raise PersonRefused("", _last(held))
        standing = ApiToken.objects.filter(user=held.user, tenant=held.tenant, revoked_at=None)
        revoked = standing.update(revoked_at=timezone.now())
        Membership.objects.filter(pk=held.pk).delete()
        _note(held, actor, "person.remove", before={"role": held.role}, after={"tokens_revoked": revoked})


def disable(*, person: User, actor: User) -> bool:
    """Shut a person out of every tenant: their sessions end, links and tokens open nothing. Raises `PersonRefused`.

    False for who is shut out already. That one who is in charge always stays follows from who may do it: nobody does
    it to themselves, and whoever was shut out a moment ago does it no more.
    """
    if person.pk == actor.pk:
        raise PersonRefused("", "You cannot disable yourself.")
    with transaction.atomic():
        _check_in_charge(actor)
        if not User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
            return False
        void_links(person)
        ended = end_all_sessions(person)
        _note_everywhere(person, actor, "person.disable", {"sessions_ended": ended})
    return True


def enable(*, person: User, actor: User) -> bool:
    """Let a person in again, in the roles that they had; False for who was not shut out. Raises `PersonRefused`."""
    with transaction.atomic():
        _check_in_charge(actor)
        if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            return False
        _note_everywhere(person, actor, "person.enable", {})
    return True


def may_let_in(*, person: User, actor: User) -> bool:
    """Whether the actor may make a link that signs this person in.

    Whoever has the link is that person everywhere: it takes being in charge of all that the person is in.
    """
    if not person.is_active:
        return False
    if actor.is_platform_admin:
        return True
    return not person.is_platform_admin and not elsewhere_for(actor).filter(user=person).exists()


def elsewhere_for(actor: User) -> QuerySet[Membership]:
    """Memberships of tenants that the actor is not in charge of by a role."""
    in_charge = [role for role, verbs in MAY.items() if "manage_people" in verbs]
    return Membership.objects.exclude(tenant__in=actor.memberships.filter(role__in=in_charge).values("tenant"))


def let_in(*, member: Membership, actor: User) -> str:
    """The path of a new link that signs a member in once; older ones end. Raises `PersonRefused`."""
    person = member.user
    with transaction.atomic():
        if not may_let_in(person=person, actor=actor):
            raise PersonRefused("", f"{person.get_username()} is in tenants that are not yours, or is disabled.")
        void_links(person)
        path = create_link(username=person.get_username(), valid_minutes=LINK_MINUTES)
        _note(member, actor, "person.sign_in_link", after={"valid_minutes": LINK_MINUTES})
    return path


def _person(username: str, actor: User) -> tuple[User, bool]:
    found = User.objects.filter(username__iexact=username).order_by("pk").first()
    if found is None:
        if not _NAME.fullmatch(username):
            raise PersonRefused("username", f"Use letters, digits and @ . + _ -, at most {NAME_MAX_CHARS}.")
        # create_user without a password stores one that nothing matches.
        return User.objects.create_user(username), True
    if found.username != username:
        raise PersonRefused("username", "Taken by a name that differs only in its capitals.")
    if not may_let_in(person=found, actor=actor):
        why = "This person is disabled: enable them first." if actor.is_platform_admin else TAKEN
        raise PersonRefused("username", why)
    if found.is_platform_admin:
        raise PersonRefused("username", f"{username} is an admin of the platform, and in every tenant without a role.")
    return found, False


def _held(member: Membership, actor: User, field: str) -> tuple[Membership, bool]:
    """The membership as it is now, held together with all admins', and whether its person is the last of these."""
    found = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "tenant")
        .filter(Q(pk=member.pk) | Q(role="admin"), tenant=member.tenant_id)
        .order_by("pk")
    )
    rows = {row.pk: row for row in found}
    if (held := rows.pop(member.pk, None)) is None:
        raise PersonRefused(field, "Somebody has removed this person meanwhile.")
    if held.user_id == actor.pk:
        raise PersonRefused(field, "This is you: another admin has to do it.")
    return held, held.role == "admin" and not any(row.role == "admin" and row.user.is_active for row in rows.values())


def _check_role(role: str) -> None:
    if role not in ROLES_IN_ORDER:
        raise PersonRefused("role", f"Choose one of {', '.join(ROLES_IN_ORDER)}.")


def _check_in_charge(actor: User) -> None:
    """The platform's admins are held until the end, so that of two who shut each other out one stays."""
    admins = User.objects.select_for_update().filter(is_platform_admin=True, is_active=True).order_by("pk")
    if actor.pk not in {admin.pk for admin in admins}:
        raise PersonRefused("", "Only an admin of the platform can do this.")


def _last(held: Membership) -> str:
    return f"{held.user.get_username()} is the last admin of {held.tenant.slug}; make somebody else one first."


def _note_everywhere(person: User, actor: User, verb: str, after: dict[str, object]) -> None:
    """In every tenant of the person: what concerns no tenant in particular would be read in all of them."""
    members = list(person.memberships.select_related("tenant", "user").order_by("pk"))
    for member in members:
        _note(member, actor, verb, after=after)
    if not members:
        actions.note(actor=actor.get_username(), verb=verb, target=f"person {person.get_username()}", after=after)


def _note(
    member: Membership,
    actor: User,
    verb: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    actions.note(
        actor=actor.get_username(),
        verb=verb,
        target=f"person {member.user.get_username()}",
        tenant=member.tenant,
        before=before,
        after=after,
    )
