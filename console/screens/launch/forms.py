"""The launch form: whatever is wrong is said at its field; an agent with an input schema is given its fields."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.library.documents.upload import UploadRefused
from agents.lifecycle import Upload
from agents.models import AgentVersion
from agents.task_input import input_as_task
from budgets.models import Surface, Tenant
from budgets.money import MoneyError, parse_usd
from budgets.own_limits import OwnLimits
from console.screens.launch.attachments import SeveralFilesField
from console.screens.launch.selectors import AgentChoice, SurfaceChoice, at_version, named
from console.screens.schema_form import SchemaForm
from console.uploads import MEGABYTE, MOST_FILES, checked_upload

NAME_CHARACTERS = 128
MOST_DIGITS = 9
INPUT = "input"
MOST_MEGABYTES = settings.ATTACHMENT_MAX_BYTES // MEGABYTE
FILES_HELP = f"Text, Markdown, CSV or PDF, for agents that read files; at most {MOST_MEGABYTES} MB each."
NUMBER = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
PLAIN_TEXT = forms.TextInput(attrs={"autocomplete": "off"})


class LaunchForm(forms.Form):
    """Everything a launch needs; agents and surfaces are what this tenant has, nothing else is accepted."""

    agent = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"invalid_choice": "There is no agent “%(value)s”."}
    )
    task = forms.CharField(
        max_length=settings.TASK_MAX_CHARS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": "Say what the agent is to do.",
            "max_length": "A task has at most %(limit_value)d characters; this one has %(show_value)d.",
        },
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.Select)
    surface = forms.ChoiceField(error_messages={"invalid_choice": "There is no surface “%(value)s”."})
    user = forms.CharField(
        required=False,
        max_length=NAME_CHARACTERS,
        label="End user",
        help_text="Counts against this user's daily budget.",
        widget=PLAIN_TEXT,
    )
    session = forms.CharField(
        required=False,
        max_length=NAME_CHARACTERS,
        help_text="Runs of one session share its budget.",
        widget=PLAIN_TEXT,
    )
    llm = forms.CharField(
        required=False,
        max_length=NAME_CHARACTERS,
        label="LLM",
        help_text="Empty: the agent's own. Rehearsals are scripts, no AI; +slow=5 or +loop misbehave.",
        widget=forms.TextInput(attrs={"list": "llms", "autocomplete": "off", "spellcheck": "false"}),
    )
    cap = forms.CharField(
        required=False,
        max_length=20,
        label="Cap, $",
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
    )
    turns = forms.IntegerField(required=False, min_value=1, max_value=10**6, label="Turns", widget=NUMBER)
    seconds = forms.IntegerField(required=False, min_value=1, max_value=10**7, label="Time, s", widget=NUMBER)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    attachments = SeveralFilesField(required=False, label="Files", help_text=FILES_HELP)

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        agents: Sequence[AgentChoice],
        surfaces: Sequence[SurfaceChoice],
        typed: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """``typed`` is what stood in a form that is shown afresh: what it had of an input stays."""
        super().__init__(*args, **kwargs)
        self._typed = typed
        self.tenant = tenant
        self.agents = agents
        self.surfaces = surfaces
        current = named(agents, str(self["agent"].value() or ""))
        self.chosen = at_version(current, number_in(self["version"].value()))
        self.inputs = self._input_form()
        self.fields["task"].required = self.inputs is None
        self._offered(current.versions if current else ())
        self._choices("agent", [(choice.name, choice.spec.title) for choice in agents])
        self._choices("surface", [(choice.slug, choice.name) for choice in surfaces])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The limits of its own."""
        return [self[name] for name in ("cap", "turns", "seconds")]

    def _offered(self, versions: Sequence[tuple[int, str]]) -> None:
        """An empty choice is the current version, also when that is another one by the time of the launch."""
        widget = self.fields["version"].widget
        assert isinstance(widget, forms.Select)
        current = [("", words) for number, words in versions if self._is_current(number)]
        others = [(str(number), words) for number, words in versions if not self._is_current(number)]
        widget.choices = [*(current or [("", "the current one")]), *others]

    def _is_current(self, number: int) -> bool:
        return self.chosen is not None and number == self.chosen.current

    def _input_form(self) -> SchemaForm | None:
        """The fields of the agent's input, where it has a schema; a task that is JSON already fills them in."""
        if self.chosen is None or not self.chosen.spec.input_schema:
            return None
        schema, present = self.chosen.spec.input_schema, _object(str(self["task"].value() or ""))
        if self._typed and any(name.startswith(INPUT) for name in self._typed):
            typed = SchemaForm(self._typed, schema=schema, present={}, prefix=INPUT)
            typed.is_valid()
            present = typed.arguments()
        data = self.data if self.is_bound else None
        return SchemaForm(data, schema=schema, present=present, is_new=True, prefix=INPUT)

    def clean(self) -> dict[str, Any]:
        """The fields of an input become the task."""
        values = super().clean() or {}
        if self.inputs is not None:
            if not self.inputs.is_valid():
                raise forms.ValidationError("The input is not complete: see its fields.")
            values["task"] = input_as_task(self.inputs.arguments())
        return values

    def clean_version(self) -> int | None:
        """Raises ValidationError for a version that there is not."""
        number: int | None = self.cleaned_data["version"]
        if number is not None and self.chosen is None and "agent" in self.cleaned_data:
            raise forms.ValidationError(f"This agent has no version {number}.")
        return number

    def clean_cap(self) -> str:
        """Raises ValidationError for what is no amount."""
        text: str = self.cleaned_data["cap"]
        try:
            parse_usd(text or "0")
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from error
        return text

    def own_limits(self) -> OwnLimits:
        """What is asked for below the tier's limits; what is no number is left out."""
        said = self.cleaned_data
        cap_nanos = parse_usd(said["cap"]) if said.get("cap") else None
        return OwnLimits(run_nanos=cap_nanos, max_turns=said.get("turns"), max_seconds=said.get("seconds"))

    def refuse(self, refusal: LaunchRefused, words: str) -> None:
        """Say a refusal at the field that it is about; of an input, each fault at its own."""
        if refusal.faults and self.inputs is not None:
            self.inputs.say(list(refusal.faults))
        field = refusal.field if refusal.field in self.fields and not self._is_hidden(refusal.field) else None
        self.add_error(field, forms.ValidationError(words))

    def _is_hidden(self, field: str) -> bool:
        return field == "task" and self.inputs is not None

    def clean_attachments(self) -> list[Upload]:
        """Raises ValidationError naming the file that is too large or of a kind the agent does not read."""
        files: list[UploadedFile[bytes]] = self.cleaned_data["attachments"]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Attach at most {MOST_FILES} files.")
        agent = self.chosen
        if agent and agent.needs_file and not files:
            raise forms.ValidationError(f"{agent.spec.title} only works on files: attach at least one.")
        return [_upload(file, agent.spec.accepts if agent else ()) for file in files]

    def chosen_version(self) -> AgentVersion:
        """The row behind the choice; the current one where none was made."""
        assert self.chosen is not None
        versions = AgentVersion.objects.select_related("agent")
        return versions.get(agent__name=self.chosen.name, number=self.chosen.number)

    def chosen_surface(self) -> Surface:
        """The row behind the choice, fetched through the tenant."""
        return Surface.objects.for_tenant(self.tenant).get(slug=self.cleaned_data["surface"])


def number_in(value: object) -> int | None:
    """The whole number that a text is; None for any other."""
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _object(text: str) -> JsonObject:
    """The JSON object that a task is; {} when it is none."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _upload(file: "UploadedFile[bytes]", accepts: Sequence[str]) -> Upload:
    try:
        return checked_upload(name=file.name or "", content=file.read(), accepts=accepts)
    except UploadRefused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal
