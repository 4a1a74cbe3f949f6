"""The launch form: whatever is wrong is said at its field."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from agents.library.documents.upload import UploadRefused
from agents.lifecycle import Upload
from agents.models import Agent
from budgets.models import Surface, Tenant
from console.screens.launch.attachments import SeveralFilesField
from console.screens.launch.selectors import AgentChoice, SurfaceChoice, named
from console.uploads import MEGABYTE, MOST_FILES, checked_upload

NAME_CHARACTERS = 128
MOST_MEGABYTES = settings.ATTACHMENT_MAX_BYTES // MEGABYTE
FILES_HELP = f"Text, Markdown, CSV or PDF, for agents that read files; at most {MOST_MEGABYTES} MB each."
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
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    attachments = SeveralFilesField(required=False, label="Files", help_text=FILES_HELP)

    def __init__(
        self,
        *args: Any,
        tenant: Tenant,
        agents: Sequence[AgentChoice],
        surfaces: Sequence[SurfaceChoice],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant
        self.agents = agents
        self._choices("agent", [(choice.name, choice.spec.title) for choice in agents])
        self._choices("surface", [(choice.slug, choice.name) for choice in surfaces])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_attachments(self) -> list[Upload]:
        """Raises ValidationError naming the file that is too large or of a kind the agent does not read."""
        files: list[UploadedFile[bytes]] = self.cleaned_data["attachments"]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"Attach at most {MOST_FILES} files.")
        agent = named(self.agents, str(self.cleaned_data.get("agent", "")))
        if agent and agent.needs_file and not files:
            raise forms.ValidationError(f"{agent.spec.title} only works on files: attach at least one.")
        return [_upload(file, agent.spec.accepts if agent else ()) for file in files]

    def chosen_agent(self) -> Agent:
        """The row behind the choice."""
        return Agent.objects.select_related("current").get(name=self.cleaned_data["agent"])

    def chosen_surface(self) -> Surface:
        """The row behind the choice, fetched through the tenant."""
        return Surface.objects.for_tenant(self.tenant).get(slug=self.cleaned_data["surface"])


def _upload(file: "UploadedFile[bytes]", accepts: Sequence[str]) -> Upload:
    try:
        return checked_upload(name=file.name or "", content=file.read(), accepts=accepts)
    except UploadRefused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal
