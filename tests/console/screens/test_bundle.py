"""The incident bundle: what is in it, what is not, and that it is sent while it is made."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.utils import timezone

from agents.models import HealthChange, Run
from budgets.actions import note
from budgets.models import Action, Tenant
from console.screens.run import bundle as contents
from console.screens.run.bundle import Bundle
from console.streamed import PART_BYTES, streamed, zipped
from tests.console.conftest import AddEvents, MakeRun
from tests.console.recorded_run import recorded_run

pytestmark = pytest.mark.usefixtures("acme", "rung")

FILES = [
    *("run.json", "config.json", "events.jsonl", "steps.jsonl", "effects.jsonl", "approvals.jsonl", "holds.jsonl"),
    *("breakers.jsonl", "receipt.json", "audit.jsonl", "versions.json", "README.txt"),
]


@pytest.fixture
def run(acme: Tenant, make_run: MakeRun, add_events: AddEvents) -> Run:
    """A run with steps and effects that somebody has killed."""
    made = recorded_run(acme, make_run, add_events)
    now = timezone.now()
    made.state, made.kill_requested_at, made.kill_requested_by, made.kill_acknowledged_at = "killed", now, "ada", now
    made.save()
    return made


def opened(parts: Iterator[bytes]) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert archive.testzip() is None
    return archive


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in archive.read(name).splitlines()]


def test_it_has_the_trace_the_config_the_receipt_and_who_did_what(acme_viewer: Client, acme: Tenant, run: Run) -> None:
    note(actor="ada", verb="run.kill", target="run", tenant=acme, run_id=run.pk, reason="burns money")
    response = acme_viewer.get(f"/t/acme/runs/{run.pk}/bundle/")
    assert response["Content-Disposition"] == f'attachment; filename="run-{run.pk}.zip"'
    archive = opened(iter([response.getvalue()]))
    assert archive.namelist() == FILES
    assert [event["seq"] for event in lines(archive, "events.jsonl")] == list(range(1, run.next_seq))
    assert [step["number"] for step in lines(archive, "steps.jsonl")] == [1, 2, 3, 4, 5, 6]
    assert [effect["tool"] for effect in lines(archive, "effects.jsonl")] == ["shout", "shout"]
    config = json.loads(archive.read("config.json"))
    assert config["version"]["spec"]["system_prompt"] == "You write."
    assert json.loads(archive.read("receipt.json"))["acknowledged_after_ms"] == 0
    assert [act["verb"] for act in lines(archive, "audit.jsonl")] == ["run.kill", "run.bundle"]
    assert "Nothing was left out." in archive.read("README.txt").decode()


def test_who_took_it_is_an_act_on_the_run(acme_viewer: Client, run: Run) -> None:
    acme_viewer.get(f"/t/acme/runs/{run.pk}/bundle/")
    act = Action.objects.get(verb="run.bundle")
    assert (act.actor, act.run_id, act.via) == ("acme_viewer", run.pk, "page runs:bundle")


def test_the_same_rows_make_the_same_bytes(run: Run) -> None:
    first, second = (b"".join(zipped(Bundle(run).files(), at=run.created_at)) for _ in range(2))
    assert first == second


def test_strangers_do_not_get_it(globex_operator: Client, acme_viewer: Client, client: Client, run: Run) -> None:
    assert globex_operator.get(f"/t/acme/runs/{run.pk}/bundle/").status_code == 404
    assert client.get(f"/t/acme/runs/{run.pk}/bundle/").status_code == 302
    assert acme_viewer.post(f"/t/acme/runs/{run.pk}/bundle/").status_code == 405
    assert not Action.objects.filter(verb="run.bundle").exists()


def test_what_a_link_said_to_another_tenant_is_left_out(globex: Tenant, run: Run) -> None:
    change = {"link": "llm/rehearsal:search", "was": "closed", "now": "open", "why": "failures"}
    HealthChange.objects.create(**change, error="globex said so", tenant=globex, run_id="f" * 32)
    archive = opened(zipped(Bundle(run).files(), at=run.created_at))
    [told] = lines(archive, "breakers.jsonl")
    assert (told["link"], told["error"], told["run_id"]) == ("llm/rehearsal:search", "", "")


def test_a_file_has_a_bound_and_the_readme_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "CHUNK", 2)
    monkeypatch.setattr(contents, "MOST_ROWS", 5)
    archive = opened(zipped(Bundle(run).files(), at=run.created_at))
    assert len(lines(archive, "events.jsonl")) == 5
    assert "events.jsonl ends after 5 lines" in archive.read("README.txt").decode()


def test_a_secret_that_is_known_by_now_is_not_in_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "storable", lambda value: json.dumps(value).replace("Written.", "[secret]"))
    archive = opened(zipped(Bundle(run).files(), at=run.created_at))
    assert b"Written." not in b"".join(archive.read(name) for name in archive.namelist())


def test_it_is_sent_while_it_is_made(run: Run) -> None:
    asked: list[int] = []

    def parts() -> Iterator[str]:
        for number in range(200):
            asked.append(number)
            yield f"{hash((number, 'salt'))}" * 200

    sent = zipped([("big.txt", (part for part in parts() for _ in range(400)))], at=run.created_at)
    first = next(sent)
    assert len(first) >= PART_BYTES
    assert len(asked) < 200


def test_a_server_of_events_gets_it_part_by_part() -> None:
    async def collect() -> list[bytes]:
        request = AsyncRequestFactory().get("/")
        assert isinstance(request, ASGIRequest)
        body = streamed(request, iter([b"a", b"b"]))
        assert isinstance(body, AsyncIterator)
        return [part async for part in body]

    assert async_to_sync(collect)() == [b"a", b"b"]
    plain = streamed(RequestFactory().get("/"), iter([b"a"]))
    assert isinstance(plain, Iterator)
    assert list(plain) == [b"a"]
