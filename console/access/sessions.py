"""The sessions of a person as they see them: begun at sign-in, ended one by one or all but the present one."""

from django.contrib.auth import update_session_auth_hash
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from budgets import actions
from budgets.models import Tenant
from console.models import SignedIn, User

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")),
)


def note_session(request: HttpRequest, user: User) -> None:
    """Remember the session that has just begun; those of this person that are over are forgotten on the way."""
    SignedIn.objects.filter(user=user).exclude(Exists(_going_on())).delete()
    SignedIn.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        address=request.META.get("REMOTE_ADDR", "")[:45],
        browser=browser_words(request.headers.get("User-Agent", "")),
    )


def sessions_of(user: User) -> QuerySet[SignedIn]:
    """Those that go on, the newest first."""
    return SignedIn.objects.filter(Exists(_going_on()), user=user).order_by("-at", "-pk")


def end_session(*, session: SignedIn, tenant: Tenant) -> None:
    """Sign that browser out; its sockets close within seconds."""
    with transaction.atomic():
        _end(SignedIn.objects.filter(pk=session.pk))
        _note(session.user, tenant, "session.end", {"sessions": 1})


def end_other_sessions(*, request: HttpRequest, user: User, tenant: Tenant) -> int:
    """Sign all other browsers of this person out; how many those were."""
    with transaction.atomic():
        ended = _end(SignedIn.objects.filter(user=user).exclude(session_key=request.session.session_key or ""))
        _note(user, tenant, "session.end", {"sessions": ended})
    return ended


def end_all_sessions(user: User) -> int:
    """Sign a person out of every browser; how many those were. Whoever calls it writes down why."""
    return _end(SignedIn.objects.filter(user=user))


def change_password(*, request: HttpRequest, user: User, password: str, tenant: Tenant) -> None:
    """Set it, keep this session under a new key, and end all others."""
    with transaction.atomic():
        before = request.session.session_key
        user.set_password(password)
        user.save(update_fields=["password"])
        update_session_auth_hash(request, user)
        SignedIn.objects.filter(session_key=before).update(session_key=request.session.session_key)
        ended = _end(SignedIn.objects.filter(user=user).exclude(session_key=request.session.session_key or ""))
        _note(user, tenant, "password.change", {"sessions_ended": ended})


def browser_words(agent: str) -> str:
    """What a browser calls itself, in words that its owner knows: "Firefox on Linux"."""
    browser = next((words for mark, words in BROWSERS if mark in agent), "")
    system = next((words for mark, words in SYSTEMS if mark in agent), "")
    return " on ".join(words for words in (browser, system) if words) or "unknown browser"


def _going_on() -> QuerySet[Session]:
    return Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=timezone.now())


def _end(signed_in: QuerySet[SignedIn]) -> int:
    keys = list(signed_in.values_list("session_key", flat=True))
    ended, _ = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now()).delete()
    SignedIn.objects.filter(session_key__in=keys).delete()
    return ended


def _note(user: User, tenant: Tenant, verb: str, after: dict[str, object]) -> None:
    name = user.get_username()
    actions.note(actor=name, verb=verb, target=f"{verb.partition('.')[0]} of {name}", tenant=tenant, after=after)
