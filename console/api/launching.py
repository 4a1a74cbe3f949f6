"""From a body to a run: names become rows, a key launches once, and each refusal has its status."""

import hashlib
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from agents.admission import LaunchRefused
from agents.contracts.base import JsonObject
from agents.contracts.ids import new_run_id
from agents.library.documents.upload import UploadRefused
from agents.lifecycle import Upload, launch
from agents.models import Agent, Run
from agents.models.agent import AgentVersion
from budgets.models import Surface
from console.access.bearer import TokenRequest
from console.api.bodies import LaunchBody, Unreadable
from console.models import LaunchKey
from console.uploads import checked_upload

LONGEST_KEY = 128
PLACES = {"cap": "cap_usd", "attachments": "files"}
"""Where a refusal's field has another name here."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the names of a body stand for."""

    agent: Agent
    version: AgentVersion
    surface: Surface


def rows_of(request: TokenRequest, body: LaunchBody) -> Rows:
    """Raises Unreadable for a name that stands for nothing, with those that do."""
    agent = Agent.objects.filter(name=body.agent, current__isnull=False).select_related("current").first()
    if agent is None or agent.current is None:
        names = Agent.objects.filter(current__isnull=False).order_by("name").values_list("name", flat=True)
        raise _unknown("agent", "there is no agent of this name", list(names))
    surfaces = Surface.objects.for_tenant(request.tenant).select_related("tenant")
    surface = surfaces.filter(slug=body.surface).first()
    if surface is None:
        raise _unknown("surface", "there is no surface of this name", [each.slug for each in surfaces.order_by("slug")])
    return Rows(agent, _version(agent, agent.current, body.version), surface)


def _version(agent: Agent, current: AgentVersion, number: int | None) -> AgentVersion:
    if number is None or number == current.number:
        return current
    version = agent.versions.select_related("agent").filter(number=min(number, 2**31 - 1)).first()
    if version is None:
        raise _unknown("version", "there is no version of this number", [f"1 to {current.number}"])
    return version


def _unknown(path: str, problem: str, known: list[str]) -> Unreadable:
    told: JsonObject = {"path": path, "problem": problem, "accepted": ", ".join(known[:40]) or "there are none yet"}
    return Unreadable(422, "Nothing was launched: see fields.", (told,))


def uploads_of(body: LaunchBody, version: AgentVersion) -> list[Upload]:
    """The files of a body. Raises Unreadable for one that the agent does not read."""
    accepts, found = version.to_spec().accepts, []
    for number, file in enumerate(body.files):
        try:
            found.append(checked_upload(name=file.name, content=file.content, accepts=accepts))
        except UploadRefused as refused:
            endings = " ".join(accepts) or "no files"
            told: JsonObject = {"path": f"files.{number}", "problem": str(refused), "accepted": endings}
            raise Unreadable(422, "Nothing was launched: see fields.", (told,)) from refused
    return found


def key_of(request: HttpRequest) -> str:
    """The request's Idempotency-Key, "" for none. Raises Unreadable for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        accepted = f"at most {LONGEST_KEY} printable ASCII characters"
        told: JsonObject = {"path": "Idempotency-Key", "problem": "it cannot be kept", "accepted": accepted}
        raise Unreadable(422, "Nothing was launched: see fields.", (told,))
    return key


def launched(request: TokenRequest, body: LaunchBody) -> tuple[Run, bool]:
    """The run, and whether it is new. Raises Unreadable or LaunchRefused; then nothing was launched.

    The id is chosen and kept under the key before the run is made: of two requests at once, and after a crash between
    the two commits, one run comes of it all the same.
    """
    key = key_of(request)
    rows = rows_of(request, body)
    files = uploads_of(body, rows.version)
    run_id = _reserved(request, key) if key else ""
    if earlier := earlier_run(run_id):
        return earlier, False
    try:
        run = launch(
            tenant=request.tenant,
            surface=rows.surface,
            agent=rows.agent,
            version=rows.version,
            task=body.words,
            actor=request.user.get_username(),
            user=body.user,
            session=body.session,
            llm=body.llm,
            attachments=files,
            own=body.own,
            run_id=run_id,
        )
    except IntegrityError:
        return Run.objects.get(pk=run_id), False
    return run, True


def earlier_run(run_id: str) -> Run | None:
    """The run that this key has launched before."""
    return Run.objects.filter(pk=run_id).first() if run_id else None


def _reserved(request: TokenRequest, key: str) -> str:
    """The id of the run that this key launches. Raises Unreadable where the key came with another body before."""
    digest = hashlib.sha256(request.body).hexdigest()
    fresh = {"body_digest": digest, "run_id": new_run_id()}
    with transaction.atomic():
        kept, _ = LaunchKey.objects.get_or_create(tenant=request.tenant, user=request.user, key=key, defaults=fresh)
    if kept.body_digest != digest:
        told: JsonObject = {
            "path": "Idempotency-Key",
            "problem": "it came with another body before",
            "accepted": "a new key for each launch that is meant",
        }
        raise Unreadable(422, "Nothing was launched: see fields.", (told,))
    return kept.run_id


def status_of(refusal: LaunchRefused) -> tuple[int, str]:
    """The status and the code of a refusal."""
    if refusal.field == "switch":
        return 409, "stopped"
    if refusal.again_seconds is not None:
        return 429, "too_many"
    if refusal.field == "budget":
        return 402, "no_budget"
    return 422, "invalid"


def place_of(refusal: LaunchRefused, body: LaunchBody) -> str:
    """The field of the body that a refusal is about; "" for none of them."""
    if refusal.field == "task" and body.input is not None:
        return "input"
    return PLACES.get(refusal.field, refusal.field)
