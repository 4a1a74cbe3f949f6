"""Whatever a bundled agent does with the rehearsal LLM, its replay does the same, without network or rows."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from django.db import connection

from agents.contracts.calls import AttachmentRef
from agents.engine.state import RunState
from agents.library.documents.upload import check_upload
from agents.models import Blob
from agents.replay.offline import replay
from agents.replay.recording import Recording
from tests.agents.library.pdf_files import pdf
from tests.agents.library.test_in_the_engine import REFUND, Stage

pytestmark = pytest.mark.django_db
FAULTS = ["", "+wrong-types", "+invented-tool", "+rejected-drafts=1"]


class Desk(Stage):
    """A stage whose run may have files attached."""

    files: tuple[AttachmentRef, ...] = ()

    def fresh(self) -> RunState:
        state = RunState(replace(super().fresh().input, attachments=self.files))
        state.replay(self.journal.steps)
        return state

    def recording(self) -> Recording:
        """What it left behind."""
        assert self.journal.ending is not None
        return Recording(
            given=self.fresh().input,
            steps=self.journal.steps,
            blobs={Blob.keep(blob).pk: blob.decode() for blob in self.journal.blobs},
            state=self.journal.ending.state,
            answer=self.journal.ending.answer,
        )


@contextmanager
def cut_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No socket connects and no query is sent; both are errors."""

    def refused(*arguments: Any, **named: Any) -> NoReturn:
        raise AssertionError(f"a replay must not do this: {arguments} {named}")

    with monkeypatch.context() as patched, connection.execute_wrapper(refused):
        patched.setattr(socket.socket, "connect", refused)
        yield


def replayed(stage: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay what was played; it must go the same way to its last step."""
    recording = stage.recording()
    with cut_off(monkeypatch):
        report = replay(recording, other=recording.given)
    assert report.divergence is None, report.divergence.text
    assert report.request is None, report.request.text
    assert report.steps == len(recording.steps) > 2


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("agent", ["support-triage", "content-generation", "search"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_example_task_is_replayed(agent: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Desk(agent, faults=fault)
    stage.play()
    replayed(stage, monkeypatch)


@pytest.mark.usefixtures("shop")
def test_a_refund_that_a_person_approved_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Desk("support-triage", REFUND)
    assert stage.play() == "completed"
    replayed(stage, monkeypatch)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("closed", [["stock/stock_live"], ["stock/stock_live", "stock/stock_cached"]])
def test_fallbacks_and_missing_tools_are_replayed(closed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Desk("support-triage", "Is the Enamel Kettle in stock?")
    stage.health.closed |= set(closed)
    stage.play()
    replayed(stage, monkeypatch)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_analysis_of_a_document_is_replayed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = pdf("The lease ends on 31 March 2027.", "The rent is 900.00 EUR a month.")
    blob = Blob.keep(content)
    file = AttachmentRef(
        name="lease.pdf",
        media_type=check_upload("lease.pdf", content),
        sha256=blob.sha256,
        size_bytes=blob.size_bytes,
    )
    stage = Desk("document-analysis", "When does the lease end?", faults=fault)
    stage.files = (file,)
    stage.play()
    replayed(stage, monkeypatch)
