"""The forms of the tiers' pages: each setting is inherited, set, or set to none; what is wrong is said at its field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from agents.funding import check_cheaper_llm
from budgets.models import Surface, Tenant
from budgets.models.tier import USER_MAX_CHARS
from budgets.periods import PeriodError, zone
from budgets.tier_edits import REASON_MAX_CHARS, Change, changed_by, version_of
from budgets.tier_settings import MAY_SET, SettingRefused
from console.screens.tiers.place import Place
from console.screens.tiers.present import Present
from console.screens.tiers.settings import AT_CAP, GROUPS, Setting
from console.screens.tiers.until import CHOICES, ends_at

MADE_FROM = "the limits page"
PLAIN: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}


@dataclass(frozen=True, slots=True)
class Row:
    """A setting in the form, with what holds now."""

    setting: Setting
    present: Present
    mode: forms.BoundField
    value: forms.BoundField


class TierForm(forms.Form):
    """All that the tier may set; `change` is what of it differs."""

    reason = forms.CharField(
        max_length=REASON_MAX_CHARS,
        error_messages={"required": "Say why; it stays with the edit."},
        widget=forms.TextInput(attrs=PLAIN),
    )
    until = forms.ChoiceField(choices=CHOICES, initial="ever", label="Holds")
    until_at = forms.CharField(
        required=False, label="Date and time", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, place: Place, present: Mapping[str, Present]) -> None:
        super().__init__(data)
        self.place, self.present = place, present
        self.initial["seen"] = version_of(place.tier)
        self.change = Change(reason="", actor="", made_from=MADE_FROM)
        for _, group in GROUPS:
            for setting in group:
                if setting.name in MAY_SET[place.level]:
                    self._add(setting)

    def _add(self, setting: Setting) -> None:
        mode, text = setting.shown(self.place.tier.settings)
        modes = [("inherit", f"inherit ({self.present[setting.name].inherited})"), ("own", "its own:")]
        modes += [("none", setting.none)] if setting.none else []
        self.fields[f"{setting.name}_mode"] = forms.ChoiceField(choices=modes, initial=mode, label=setting.label)
        self.fields[setting.name] = forms.CharField(
            required=False, label=setting.label, initial=text, widget=_widget(setting), max_length=10_000
        )

    def groups(self) -> Iterator[tuple[str, list[Row]]]:
        """The settings as they stand on the page."""
        for title, group in GROUPS:
            yield title, [self._row(setting) for setting in group if setting.name in self.fields]

    def _row(self, setting: Setting) -> Row:
        return Row(setting, self.present[setting.name], self[f"{setting.name}_mode"], self[setting.name])

    def clean(self) -> dict[str, Any]:
        """Reads every setting; then asks whether together they can be."""
        given = self.cleaned_data
        changes: dict[str, Any] = {}
        unset = []
        for setting in (setting for _, group in GROUPS for setting in group if setting.name in self.fields):
            mode = given.get(f"{setting.name}_mode")
            if mode == "inherit":
                unset.append(setting.name)
            elif mode:
                self._read(setting, mode, changes)
        self._propose(changes, unset)
        return given

    def _read(self, setting: Setting, mode: str, changes: dict[str, Any]) -> None:
        if mode == "none":
            changes[setting.name] = {"usd": None, "llm": ""}.get(setting.kind, [])
            return
        try:
            changes[setting.name] = setting.read(str(self.cleaned_data.get(setting.name, "")))
        except ValueError as error:
            self.add_error(setting.name, str(error))

    def _propose(self, changes: dict[str, Any], unset: list[str]) -> None:
        given, own = self.cleaned_data, self.place.tier.settings
        try:
            until = ends_at(
                given.get("until", "ever"),
                given.get("until_at", ""),
                tz=zone(self.place.tenant.timezone),
                now=timezone.now(),
            )
        except ValueError as error:
            self.add_error("until_at", str(error))
            until = None
        self.change = Change(
            changes={name: value for name, value in changes.items() if name not in own or own[name] != value},
            unset=[name for name in unset if name in own],
            reason=given.get("reason", ""),
            actor="",
            made_from=MADE_FROM,
            expires_at=until,
            seen=given.get("seen", ""),
        )
        try:
            changed_by(self.place.tier, self.change, check_cheaper_llm)
        except SettingRefused as refused:
            self.refuse(refused)

    def refuse(self, refused: SettingRefused) -> None:
        """Say it at its field."""
        field = {"expires_at": "until_at"}.get(refused.field, refused.field)
        self.add_error(field if field in self.fields else None, refused.text)

    @property
    def settings_are_right(self) -> bool:
        """Whether only the reason is missing, as long as somebody still types."""
        return not set(self.errors) - {"reason", "until_at"}


def _widget(setting: Setting) -> forms.Widget:
    if setting.kind == "patterns":
        return forms.Textarea(attrs={**PLAIN, "rows": 2})
    if setting.kind == "at_cap":
        return forms.Select(choices=tuple(AT_CAP.items()))
    numeric = {"usd": "decimal", "count": "numeric", "seconds": "numeric"}.get(setting.kind)
    return forms.TextInput(attrs={**PLAIN, **({"inputmode": numeric} if numeric else {})})


class OverrideForm(forms.Form):
    """Which user gets limits of their own, and where."""

    user = forms.CharField(
        max_length=USER_MAX_CHARS,
        label="End user",
        help_text="As your product names them at a launch.",
        error_messages={"required": "Name the user."},
        widget=forms.TextInput(attrs={**PLAIN, "autofocus": True}),
    )
    surface = forms.ChoiceField(required=False, label="Where")

    def __init__(self, data: Mapping[str, Any] | None, *, tenant: Tenant) -> None:
        super().__init__(data)
        surfaces = Surface.objects.for_tenant(tenant)
        where = self.fields["surface"]
        assert isinstance(where, forms.ChoiceField)
        where.choices = [("", "everywhere"), *((each.slug, f"on {each.name} only") for each in surfaces)]

    def clean_user(self) -> str:
        """Raises ValidationError for a name that no run could have."""
        user = str(self.cleaned_data["user"])
        if not user.isprintable():
            raise forms.ValidationError("Use printable characters only.")
        return user


class TimeZoneForm(forms.Form):
    """In which time zone the tenant's days begin."""

    timezone = forms.CharField(
        max_length=64,
        label="Time zone",
        error_messages={"required": "Name a time zone, such as Europe/Berlin."},
        widget=forms.TextInput(attrs={**PLAIN, "list": "zones", "autofocus": True}),
    )

    def clean_timezone(self) -> str:
        """Raises ValidationError for a zone that does not exist."""
        name = str(self.cleaned_data["timezone"])
        try:
            return zone(name).key
        except PeriodError as error:
            raise forms.ValidationError(str(error)) from error
