"""Tokens of the cast, and a client that sends one."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from budgets.models import Tenant
from console.access.policy import Verb
from console.access.tokens import make_token
from console.models import User

ALL: tuple[Verb, ...] = ("view", "launch", "kill")


@dataclass
class Program:
    """A program that calls the API with a token; it checks CSRF as a real one would meet it."""

    token: str
    client: Client

    def call(self, method: str, path: str, body: object = None, **headers: str) -> HttpResponse:
        """Any method; a body is sent as JSON unless it is text already."""
        given: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        given |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        response = self.client.generic(method, path, data, content_type="application/json", **given)
        return cast(HttpResponse, response)

    def post(self, path: str, body: object = None, **headers: str) -> HttpResponse:
        """POST."""
        return self.call("POST", path, body, **headers)

    def get(self, path: str) -> HttpResponse:
        """GET."""
        return self.call("GET", path)


MakeProgram = Callable[..., Program]


def said(response: HttpResponse) -> Any:
    """The answer's JSON."""
    return json.loads(response.content)


@pytest.fixture
def program(cast: dict[str, User]) -> MakeProgram:
    """A program with a token of this person for this tenant."""

    def make(username: str = "acme_operator", tenant: str = "acme", verbs: Collection[Verb] = ALL) -> Program:
        _, text = make_token(
            user=cast[username],
            tenant=Tenant.objects.get(slug=tenant),
            name="ci",
            verbs=verbs,
            expires_at=timezone.now() + timedelta(days=1),
        )
        return Program(text, Client(enforce_csrf_checks=True))

    return make
