"""The forms about a person of a tenant."""

from django import forms

from console.access.people import NAME_MAX_CHARS

ROLES = (
    ("viewer", "viewer: looks at everything"),
    ("operator", "operator: launches, kills, answers routine approvals"),
    ("approver", "approver: as operator, and approves and tops up"),
    ("admin", "admin: as approver, and sets limits, rules, secrets, people"),
)
UNKNOWN = {"invalid_choice": "There is no such role.", "required": "Choose a role."}


class RoleForm(forms.Form):
    """Which role."""

    role = forms.ChoiceField(choices=ROLES, error_messages=UNKNOWN)


class AddForm(RoleForm):
    """Who, and which role."""

    username = forms.CharField(
        max_length=NAME_MAX_CHARS,
        help_text="The name that they sign in with and that stands beside everything they do.",
        error_messages={"required": "Write the name to sign in with."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )
    field_order = ("username", "role")
