"""Signing in by password and by link, and out."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from console.access.sign_in_links import NoSuchPerson, create_link, use_link
from console.access.throttle import FREE_FAILURES
from console.models import SignInFailures, SignInLink, User

pytestmark = pytest.mark.usefixtures("cast", "operator")

PASSWORD = "correct horse battery staple"


@pytest.fixture
def operator(cast: dict[str, User]) -> User:
    user = cast["acme_operator"]
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, password: str = PASSWORD, **more: str) -> int:
    data = {"username": "acme_operator", "password": password, **more}
    return client.post("/sign-in/", data).status_code


def test_a_right_password_leads_to_the_first_tenants_overview(client: Client, operator: User) -> None:
    response = client.post("/sign-in/", {"username": operator.username, "password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == "/t/acme/"


def test_a_wrong_password_says_so_and_signs_nobody_in(client: Client, operator: User) -> None:
    response = client.post("/sign-in/", {"username": operator.username, "password": "wrong"})
    assert response.status_code == 422
    assert "do not go together" in response.content.decode()
    assert client.get("/").status_code == 302


def test_guessing_is_stopped_even_for_the_right_password(client: Client, operator: User) -> None:
    for _ in range(FREE_FAILURES):
        sign_in(client, "wrong")
    response = client.post("/sign-in/", {"username": operator.username, "password": PASSWORD})
    assert response.status_code == 422
    assert "Try again in 5 min" in response.content.decode()


def test_guessing_from_elsewhere_locks_nobody_out(client: Client) -> None:
    for _ in range(FREE_FAILURES):
        sign_in(client, "wrong")
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere) == 302


def test_the_pause_passes(client: Client) -> None:
    for _ in range(FREE_FAILURES):
        sign_in(client, "wrong")
    SignInFailures.objects.update(window_started_at=timezone.now() - timedelta(minutes=6))
    assert sign_in(client) == 302


def test_signing_in_never_leads_to_another_site(client: Client, operator: User) -> None:
    data = {"username": operator.username, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/sign-in/", data)["Location"] == "/"


@pytest.mark.parametrize("name", ["", "x" * 151, "nul\x00"])
def test_bad_names_are_errors_at_the_form(name: str, client: Client) -> None:
    assert client.post("/sign-in/", {"username": name, "password": "x"}).status_code == 422


def test_opening_a_link_does_not_use_it_up(client: Client) -> None:
    link = create_link(username="acme_viewer")
    assert "Sign in as acme_viewer" in client.get(link).content.decode()
    assert "Sign in as acme_viewer" in client.get(link).content.decode()
    assert client.get("/t/acme/runs/").status_code == 302


def test_a_link_signs_in_exactly_once(client: Client) -> None:
    link = create_link(username="acme_viewer")
    assert client.post(link)["Location"] == "/"
    assert client.get("/t/acme/runs/").status_code == 200
    assert Client().post(link).status_code == 410


def test_a_link_expires(client: Client) -> None:
    link = create_link(username="acme_viewer")
    SignInLink.objects.update(expires_at=timezone.now())
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_a_deactivated_person_cannot_use_their_link(client: Client) -> None:
    link = create_link(username="acme_viewer")
    User.objects.filter(username="acme_viewer").update(is_active=False)
    assert client.post(link).status_code == 410


def test_the_token_itself_is_not_stored(cast: dict[str, User]) -> None:
    token = create_link(username="acme_viewer").rstrip("/").rsplit("/", 1)[-1]
    row = SignInLink.objects.get()
    assert token not in {row.digest, str(row)}
    assert use_link(token) == cast["acme_viewer"]


def test_there_is_no_link_for_nobody() -> None:
    with pytest.raises(NoSuchPerson):
        create_link(username="nobody")
    with pytest.raises(CommandError, match="Nobody active"):
        call_command("sign_in_link", "nobody")


def test_signing_out_takes_a_post(acme_viewer: Client) -> None:
    assert acme_viewer.get("/sign-out/").status_code == 405
    acme_viewer.post("/sign-out/")
    assert acme_viewer.get("/t/acme/runs/").status_code == 302


def test_a_person_without_a_tenant_is_told_whom_to_ask(client: Client) -> None:
    client.force_login(User.objects.create_user("newcomer"))
    response = client.get("/")
    assert response.status_code == 403
    assert "Ask an admin" in response.content.decode()
