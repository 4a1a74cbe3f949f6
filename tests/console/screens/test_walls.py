"""Walls: a link shows one Overview to whoever has it, only admins make and revoke it, and nothing of it is stored."""

import hashlib
import re

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Action, Tenant
from console.access.wall_links import make_wall_link, revoke_wall_link, tenant_of_wall
from console.models import User, WallLink
from console.screens.overview.money import kept_bands
from tests.console.conftest import MakeRun, SignedIn

pytestmark = pytest.mark.usefixtures("acme", "cast", "rung")
EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
ADMINS = {"acme_admin", "admin"}
ROUTES = {"walls": "get", "make_wall": "post", "revoke_wall": "post"}
MATRIX = [(route, method) for route in ROUTES for method in ("get", "post", "put", "delete")]


@pytest.fixture(autouse=True)
def _no_kept_bands() -> None:
    kept_bands.clear()


@pytest.fixture
def path(acme: Tenant) -> str:
    """The path of a wall's link."""
    return make_wall_link(tenant=acme, place="office", actor="acme_admin")


def answers(client: Client, tenant: str, link_id: int) -> dict[tuple[str, str], int]:
    """The status that each method on each route gets."""
    named = {"revoke_wall": [link_id]}
    return {
        (route, method): getattr(client, method)(
            reverse(f"overview:{route}", args=[tenant, *named.get(route, [])]), {"place": "hall"}
        ).status_code
        for route, method in MATRIX
    }


@pytest.mark.parametrize("username", sorted(EVERYBODY))
@pytest.mark.usefixtures("path")
def test_only_admins_come_near_the_links(username: str, signed_in: SignedIn) -> None:
    link = WallLink.objects.get()
    allowed = {200, 302} if username in ADMINS else {403}
    wrong = {
        asked: status
        for asked, status in answers(signed_in(username), "acme", link.pk).items()
        if status not in (allowed if ROUTES[asked[0]] == asked[1] else {405})
    }
    assert wrong == {}


@pytest.mark.usefixtures("path")
def test_strangers_find_nothing_and_a_link_is_not_found_through_another_tenant(
    globex_operator: Client, signed_in: SignedIn, client: Client
) -> None:
    link = WallLink.objects.get()
    assert set(answers(globex_operator, "acme", link.pk).values()) == {404}
    assert signed_in("admin").post(f"/t/globex/wall/{link.pk}/revoke/").status_code == 404
    assert client.get("/t/acme/wall/")["Location"].startswith("/sign-in/")
    assert WallLink.objects.get().revoked_at is None


def test_a_link_is_made_shown_once_and_noted(acme_admin: Client) -> None:
    text = acme_admin.post("/t/acme/wall/new/", {"place": "office, 3rd floor"}).content.decode()
    token = text.split("http://testserver/wall/")[1].split("/")[0]
    link = WallLink.objects.get()
    assert link.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in acme_admin.get("/t/acme/wall/").content.decode()
    noted = Action.objects.get(verb="wall.make")
    assert (noted.actor, noted.target, noted.tenant_id) == ("acme_admin", "wall office, 3rd floor", link.tenant_id)
    assert token not in str(Action.objects.values())


def test_a_link_without_a_place_is_refused(acme_admin: Client) -> None:
    answer = acme_admin.post("/t/acme/wall/new/", {"place": " "})
    assert answer.status_code == 422
    assert "Say where it hangs" in answer.content.decode()
    assert not WallLink.objects.exists()


def test_whoever_has_the_link_sees_the_wall_and_can_press_nothing(
    client: Client, path: str, acme: Tenant, globex: Tenant, make_run: MakeRun
) -> None:
    make_run(acme, cost_nanos=90_000_000)
    make_run(globex, doing="of globex", cost_nanos=95_000_000)
    response = client.get(path)
    text = response.content.decode()
    assert "1 thing needs you" in text
    assert "of globex" not in text
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")
    for control in ("<button", "<form", "<a ", "hx-", "<input"):
        assert control not in text.partition("<body>")[2]
    assert client.get("/t/acme/").status_code == 302
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(("needs", "lines", "counted"), [(5, 5, []), (7, 7, ["low 2"]), (9, 7, ["low 4", "high 2"])])
def test_a_wall_counts_what_it_has_no_room_for(
    needs: int, lines: int, counted: list[str], client: Client, path: str, acme: Tenant, make_run: MakeRun
) -> None:
    for number in range(needs):
        make_run(acme, cost_nanos=90_000_000 + number)
    text = client.get(path).content.decode()
    assert f"{needs} things need you" in text
    assert text.count('<li data-tone="bad">') + text.count('<li data-tone="warn">') == lines
    assert [" ".join(found) for found in re.findall(r'wall-(low|high)">and (\d+) more', text)] == counted


def test_a_wrong_link_and_a_revoked_one_do_not_exist(client: Client, path: str, acme_admin: Client) -> None:
    assert client.get("/wall/nonsense/").status_code == 404
    assert client.get(path).status_code == 200
    acme_admin.post(f"/t/acme/wall/{WallLink.objects.get().pk}/revoke/")
    assert client.get(path).status_code == 404
    assert Action.objects.get(verb="wall.revoke").actor == "acme_admin"


def test_of_two_who_revoke_a_link_one_does(path: str, cast: dict[str, User]) -> None:
    assert cast
    link = WallLink.objects.get()
    assert [revoke_wall_link(link=link, actor=name) for name in ("acme_admin", "admin")] == [True, False]
    assert Action.objects.get(verb="wall.revoke").actor == "acme_admin"
    assert tenant_of_wall(path.split("/")[2]) is None


def test_the_wall_of_a_person_is_dark_and_has_no_controls_either(acme_viewer: Client) -> None:
    text = acme_viewer.get("/t/acme/?wall=1").content.decode()
    assert 'data-theme="dark"' in text
    assert "<button" not in text
