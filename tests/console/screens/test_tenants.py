"""All tenants: only the platform's admins come near, and a new one may run things at once."""

import html
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from budgets.limits import limits_for
from budgets.models import Account, Action, Surface, Tenant
from console.screens.tenants.selectors import lines_of
from tests.console.conftest import MakeRun, SignedIn
from tests.tier_edit import limit

pytestmark = pytest.mark.usefixtures("acme", "cast", "rung")

ROUTES = {"list": ("get",), "add": ("get", "post"), "rename": ("get", "post")}
METHODS = ("get", "post", "put", "delete")
HTMX = {"HX-Request": "true"}
GOOD = {"slug": "initech", "name": "Initech", "timezone": "America/Chicago"}


@pytest.fixture
def admin(signed_in: SignedIn) -> Client:
    return signed_in("admin")


def answers(client: Client) -> dict[tuple[str, str], int]:
    """The status that each method on each route gets."""
    return {
        (route, method): getattr(client, method)(
            reverse(f"tenants:{route}", args=["acme"] if route == "rename" else [])
        ).status_code
        for route in ROUTES
        for method in METHODS
    }


def test_only_the_platforms_admins_come_near(signed_in: SignedIn, admin: Client, client: Client) -> None:
    for username in ("acme_viewer", "acme_admin", "globex_operator"):
        assert set(answers(signed_in(username)).values()) == {403}
    assert set(answers(client).values()) == {302}
    wrong = {
        asked: status
        for asked, status in answers(admin).items()
        if status != (({"get": 200, "post": 422}[asked[1]]) if asked[1] in ROUTES[asked[0]] else 405)
    }
    assert wrong == {}


def test_a_new_tenant_has_surfaces_with_limits_and_is_noted(admin: Client) -> None:
    answer = admin.post("/tenants/new/", GOOD, headers=HTMX)
    assert answer["HX-Redirect"] == "/t/initech/people/"
    tenant = Tenant.objects.get(slug="initech")
    assert (tenant.name, tenant.timezone) == ("Initech", "America/Chicago")
    surfaces = Surface.objects.for_tenant(tenant)
    assert {surface.slug for surface in surfaces} == {"internal-batch", "free-chat", "enterprise"}
    assert all(limits_for(surface=surface, user="").run_nanos for surface in surfaces)
    noted = Action.objects.get(verb="tenant.make")
    assert (noted.actor, noted.target, noted.tenant, noted.via) == (
        "admin",
        "tenant initech",
        tenant,
        "page tenants:add",
    )
    assert "Nobody yet" in admin.get("/t/initech/people/").content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slug": ""}, "Write a short name"),
        ({"slug": "acme"}, "There is a tenant acme already."),
        ({"slug": "a b"}, "Use letters, digits, - and _"),
        ({"slug": "é"}, "Use letters, digits, - and _"),
        ({"slug": "a" * 61}, "at most 60"),
        ({"name": ""}, "Write its name."),
        ({"name": "a\x1bb"}, "Write one line"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"timezone": ""}, "Choose a time zone."),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "../etc/passwd"}, "../etc/passwd"),
    ],
)
def test_a_bad_tenant_is_refused_at_its_field(given: dict[str, str], said: str, admin: Client) -> None:
    answer = admin.post("/tenants/new/", {**GOOD, **given}, headers=HTMX)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert said in text
    assert 'class="error"' in text
    assert not Tenant.objects.exclude(slug__in=("acme", "globex")).exists()


def test_a_tenant_is_renamed_and_its_address_stays(admin: Client) -> None:
    assert admin.post("/tenants/acme/name/", {"name": "a\x1bb"}).status_code == 422
    assert admin.post("/tenants/acme/name/", {"name": "Acme Works"})["Location"] == "/tenants/"
    noted = Action.objects.get(verb="tenant.rename")
    assert (noted.before, noted.after) == ({"name": "Acme"}, {"name": "Acme Works"})
    assert admin.get("/tenants/nowhere/name/").status_code == 404
    assert "Acme Works" in admin.get("/tenants/").content.decode()


def test_lines_say_what_goes_on_today(acme: Tenant, globex: Tenant, make_run: MakeRun) -> None:
    make_run(acme)
    make_run(acme, state="completed")
    limit(acme, tenant_day_nanos=7_000_000_000)
    now = timezone.now()
    first, second = lines_of([acme, globex], now)
    assert (first.people, first.live_runs, first.spent_nanos, first.cap_nanos) == (4, 1, 0, 7_000_000_000)
    assert (second.people, second.live_runs, second.cap_nanos) == (1, 0, None)
    day = {"window_start_at": now, "window_end_at": now + timedelta(hours=1)}
    Account.objects.create(
        tenant=globex, scope="tenant_day", window="2026-01-01", spent_nanos=5, limit_nanos=9, topped_up_nanos=1, **day
    )
    assert [(line.spent_nanos, line.cap_nanos) for line in lines_of([globex], now)] == [(5, 10)]


def test_the_page_asks_few_questions_of_many_tenants(
    admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Tenant.objects.bulk_create(Tenant(slug=f"tenant-{number:03}", name=f"Tenant {number}") for number in range(120))
    with django_assert_max_num_queries(12):
        text = admin.get("/tenants/").content.decode()
    assert text.count("Rename tenant-") == 98
    with django_assert_max_num_queries(12):
        assert admin.get("/tenants/new/").status_code == 200
