"""The console without a browser: a signed-in client of a stack's web process."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.harness.live_stack import LiveStack

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PATIENCE_SECONDS = 60.0


class ConsoleClient:
    """One signed-in session; every answer that is no success raises."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self.slowest_seconds = 0.0

    @property
    def cookies(self) -> str:
        """The session, as a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)

    def read(self, path: str) -> str:
        """A page."""
        return self._answer("GET", path).text

    def write(self, path: str, *, form_at: str = "", **fields: str) -> httpx.Response:
        """Send a form, with the token of the page that it stands on."""
        token = TOKEN.search(self.read(form_at or path))
        assert token is not None, f"no form at {form_at or path}"
        return self._answer("POST", path, data={"csrfmiddlewaretoken": token[1], **fields})

    def _answer(self, method: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
        began = time.monotonic()
        answer = self._http.request(method, path, data=data)
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer


@contextmanager
def signed_in(stack: LiveStack, username: str = "acme_operator") -> Iterator[ConsoleClient]:
    """Sign that person in by a link."""
    origin = {"Origin": stack.base_url}
    with httpx.Client(
        base_url=stack.base_url, follow_redirects=True, timeout=PATIENCE_SECONDS, headers=origin, trust_env=False
    ) as http:
        client = ConsoleClient(http)
        client.write(stack.sign_in_url(username).removeprefix(stack.base_url))
        yield client
