"""The sign-in form: checks a name and a password, and slows guessing."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone

from console.access.throttle import blocked_until, forget_failures, note_failure
from console.models import User


class SignInForm(forms.Form):
    """After ``is_valid``, ``user`` is who signed in."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label="Password",
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.address: str = request.META.get("REMOTE_ADDR", "")
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError alike for an unknown name, a wrong password and who may not sign in."""
        values = super().clean() or {}
        if self.errors:
            return values
        username = values["username"]
        self._refuse_when_blocked(username)
        found = authenticate(self.request, username=username, password=values["password"])
        if not isinstance(found, User):
            note_failure(username=username, address=self.address)
            self._refuse_when_blocked(username)
            raise forms.ValidationError("This name and password do not go together.", code="wrong")
        forget_failures(username=username, address=self.address)
        self.user = found
        return values

    def _refuse_when_blocked(self, username: str) -> None:
        until = blocked_until(username=username, address=self.address)
        if until:
            minutes = max(1, -(-int((until - timezone.now()).total_seconds()) // 60))
            raise forms.ValidationError(
                f"Too many wrong passwords for this name from here. Try again in {minutes} min.",
                code="blocked",
            )
