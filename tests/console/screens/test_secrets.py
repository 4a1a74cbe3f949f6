"""The page of secrets: what is needed and missing comes first, and no answer ever holds a value."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from pytest_django.fixtures import Settings

from agents.models import McpServer, Secret, Tool
from agents.secrets.redaction import known
from agents.secrets.store import set_secret
from agents.secrets.vault import vault
from budgets.models import Action, Tenant
from console.access.typed_secrets import TypedSecrets
from console.screens.secrets.views import list_secrets
from tests.console.conftest import SignedIn

VALUE = "canary-Zq7-value"
EVERYBODY = {"acme_viewer", "acme_operator", "acme_approver", "acme_admin", "admin"}
ADMINS = {"acme_admin", "admin"}

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture(autouse=True)
def _own_keys(settings: Settings, tmp_path: Path) -> Any:
    settings.SECRET_KEYS, settings.SECRET_KEYS_FILE = [], tmp_path / "secret_keys"
    vault.__init__()  # type: ignore[misc]  # as in a process that has just begun
    known.learn([])
    yield
    vault.__init__()  # type: ignore[misc]
    known.learn([])


@pytest.fixture
def crm(acme: Tenant) -> None:  # noqa: ARG001
    """A tool and a server that need secrets."""
    spec = {"implementations": [{"http": {"headers": {"Authorization": "Bearer {secret:CRM_KEY}"}}}]}
    Tool.objects.create(name="crm-lookup", spec=spec, digest="d", origin="screen", changed_by="ada")
    McpServer.objects.create(name="files", transport="stdio", environment={"KEY": "{secret:FILES_KEY}"}, made_by="ada")


def address(route: str = "list", *arguments: int, tenant: str = "acme") -> str:
    return reverse(f"secrets:{route}", args=[tenant, *arguments])


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.usefixtures("crm")
def test_what_is_needed_and_not_set_comes_first(signed_in: SignedIn, acme: Tenant) -> None:
    set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    page = text_of(signed_in("acme_admin"), address())
    wanted, standing = page.split('id="set-title"')
    assert "FILES_KEY" in wanted
    assert "MCP server files" in wanted
    assert "CRM_KEY" not in wanted
    assert "CRM_KEY" in standing
    assert "tool crm-lookup" in standing
    assert VALUE not in page


def test_a_value_is_set_and_never_comes_back(signed_in: SignedIn, acme: Tenant) -> None:
    client = signed_in("acme_admin")
    response = client.post(address("set"), {"name": "CRM_KEY", "value": VALUE, "whose": "tenant"})
    assert response["Location"] == address()
    assert Secret.objects.get().tenant == acme
    assert Action.objects.get(verb="secret.set").via == "page secrets:set"
    vault.forget()  # what the commit does, which this test never comes to
    assert vault.of_tenant("acme")["CRM_KEY"] == VALUE
    for url in (address(), f"{address('set')}?name=CRM_KEY", address("remove", Secret.objects.get().pk)):
        assert VALUE not in text_of(client, url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no name", "Another-value-8"),
        ("GOOD", "sh0rt!"),
        ("GOOD", "correcthorse"),
        ("OPENAI_API_KEY", "Another-value-8"),
    ],
)
def test_a_form_with_an_error_does_not_echo_the_value(name: str, value: str, signed_in: SignedIn) -> None:
    response = signed_in("acme_admin").post(address("set"), {"name": name, "value": value, "whose": "tenant"})
    assert response.status_code == 422
    assert f'value="{value}"' not in response.content.decode()
    assert value not in response.content.decode()
    assert not Secret.objects.exists()


def test_a_secret_in_the_field_of_the_name_does_not_come_back_either(signed_in: SignedIn, acme: Tenant) -> None:
    set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    vault.forget()
    response = signed_in("acme_admin").post(address("set"), {"name": VALUE, "value": VALUE, "whose": "tenant"})
    assert response.status_code == 422
    assert VALUE not in response.content.decode()


def test_without_its_key_a_secret_is_said_to_be_unreadable(
    signed_in: SignedIn, acme: Tenant, settings: Settings
) -> None:
    set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    for keys in ([Fernet.generate_key().decode()], ["nonsense"]):
        settings.SECRET_KEYS = keys
        assert "cannot be read with the present keys" in text_of(signed_in("acme_viewer"), address())
    response = signed_in("acme_admin").post(address("set"), {"name": "B", "value": "Another-value-8"})
    assert response.status_code == 422
    assert "WATCHFLOOR_SECRET_KEYS" in response.content.decode()


def test_those_of_all_tenants_are_the_platforms(signed_in: SignedIn, acme: Tenant) -> None:
    typed = {"name": "CRM_KEY", "value": VALUE, "whose": "all"}
    assert signed_in("acme_admin").post(address("set"), typed).status_code == 422
    assert signed_in("admin").post(address("set"), typed).status_code == 302
    shared = Secret.objects.get(tenant=None)
    assert signed_in("acme_admin").post(address("remove", shared.pk)).status_code == 403
    assert ">admin<" not in text_of(signed_in("acme_viewer"), address())
    set_secret(tenant=acme, name="CRM_KEY", value="Acmes-own-1", actor="acme_admin")
    assert "acme's own goes before it" in text_of(signed_in("acme_viewer"), address()).replace("&#x27;", "'")


@pytest.mark.usefixtures("crm")
def test_who_removes_one_is_told_what_fails_then(signed_in: SignedIn, acme: Tenant) -> None:
    own = set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    client = signed_in("acme_admin")
    assert "tool crm-lookup" in text_of(client, address("remove", own.pk))
    set_secret(tenant=None, name="CRM_KEY", value="Of-all-of-them-1", actor="admin")
    assert "tool crm-lookup" not in text_of(client, address("remove", own.pk))
    assert client.post(address("remove", own.pk)).status_code == 302
    assert [row.tenant for row in Secret.objects.all()] == [None]


def test_roles_and_tenants(signed_in: SignedIn, globex_operator: Client, acme: Tenant, globex: Tenant) -> None:
    own = set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    for username in EVERYBODY:
        client = signed_in(username)
        assert client.get(address()).status_code == 200
        found = {client.get(url).status_code for url in (address("set"), address("remove", own.pk))}
        assert found == ({200} if username in ADMINS else {403})
    assert signed_in("admin").get(address("remove", own.pk, tenant="globex")).status_code == 404
    for url in (address(), address("set"), address("remove", own.pk)):
        assert globex_operator.get(url).status_code == 404
    assert "CRM_KEY" not in text_of(globex_operator, address(tenant=globex.slug))


def test_the_page_asks_few_questions(signed_in: SignedIn, acme: Tenant, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        Secret.objects.create(tenant=acme, name=f"KEY_{number}", ciphertext="x", set_by="ada")
    client = signed_in("acme_admin")
    with django_assert_max_num_queries(12):
        text_of(client, address())


def test_what_people_type_elsewhere_loses_its_secrets_before_the_page_has_it(acme: Tenant, rf: RequestFactory) -> None:
    set_secret(tenant=acme, name="CRM_KEY", value=VALUE, actor="acme_admin")
    vault.forget()
    for path, kept in (("/t/acme/stops/new/", "[redacted CRM_KEY]"), (address("set"), VALUE)):
        request = rf.post(path, {"reason": f"it said {VALUE}", "n": ["1", "2"]})
        request.resolver_match = resolve(path)
        TypedSecrets(lambda _: HttpResponse()).process_view(request, list_secrets, (), {})
        assert dict(request.POST.lists()) == {"reason": [f"it said {kept}"], "n": ["1", "2"]}
