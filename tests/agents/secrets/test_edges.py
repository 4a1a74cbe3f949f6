"""What comes in from LLMs and tools has no secrets by the time the engine sees it."""

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.calls import ToolRefusal
from agents.contracts.llms import LLMError, LLMResponse
from agents.contracts.messages import AssistantMessage, ToolCall
from agents.engine.ports import ImplementationFailed
from agents.journal.gate import plain, storable
from agents.journal.gate import without_secrets as without_secrets_in_rows
from agents.secrets.edges import answer_to_keep, output_to_keep, without_secrets
from agents.secrets.redaction import known
from agents.tools.output import CutText
from budgets.hot_values import Write

VALUE = "canary-Zq7-value"
MARK = "[redacted CRM_KEY]"
STATE: JsonObject = {"vendor": "anthropic", "parts": [{"kind": "thinking", "signature": "c2lnbmVk"}]}


@pytest.fixture(autouse=True)
def _known() -> None:
    known.learn([("CRM_KEY", VALUE)])


def answer(text: str = "", *, reasoning: str = "", raw: str = "", response_id: str = "") -> LLMResponse:
    calls = (ToolCall(call_id="c1", name="look", arguments={"q": [raw]}, arguments_raw=raw),)
    message = AssistantMessage(text=text, reasoning=reasoning, calls=calls, vendor_state=STATE)
    return LLMResponse(message=message, finish="stop", usage=None, served_llm="x", response_id=response_id)


def test_an_answer_without_secrets_goes_on_as_it_is() -> None:
    clean = answer("The key is in the vault.", reasoning="I looked.")
    assert answer_to_keep(clean) is clean


@pytest.mark.parametrize(
    "said", [answer(f"it is {VALUE}"), answer(reasoning=f"so {VALUE}"), answer(raw=f"https://x.example/{VALUE}")]
)
def test_an_answer_loses_secrets_and_with_them_a_signature_over_other_words(said: LLMResponse) -> None:
    kept = answer_to_keep(said)
    assert VALUE not in kept.model_dump_json()
    assert MARK in kept.model_dump_json()
    assert kept.message.vendor_state is None
    assert answer_to_keep(kept) is kept


def test_a_signature_stays_where_only_the_envelope_had_a_secret() -> None:
    kept = answer_to_keep(answer("fine", response_id=f"id-{VALUE}"))
    assert kept.response_id == f"id-{MARK}"
    assert kept.message.vendor_state == STATE


@pytest.mark.parametrize(
    "error",
    [
        ToolRefusal(f"no order for {VALUE}"),
        ImplementationFailed(f"HTTPError: {VALUE[:12]}", maybe_happened=True),
        LLMError("authentication", f"wrong key {VALUE}", vendor_usage={"said": VALUE}),
    ],
)
def test_failures_lose_secrets_and_their_beginnings_but_nothing_else(error: Exception) -> None:
    assert isinstance(error, ToolRefusal | ImplementationFailed | LLMError)
    without_secrets(error)
    assert VALUE[:8] not in f"{error} {vars(error)}"
    assert "[redacted" in str(error)
    assert getattr(error, "maybe_happened", True)


def test_the_head_of_a_large_output_keeps_what_is_known_of_the_whole() -> None:
    kept = output_to_keep(CutText.of(f"a {VALUE} b {VALUE[:9]}", size_bytes=5_000_000, sha256="d1"))
    assert isinstance(kept, CutText)
    assert (kept, kept.size_bytes, kept.sha256) == (f"a {MARK} b [redacted]", 5_000_000, "d1")


def test_the_gate_in_front_of_storage_lets_none_through() -> None:
    assert plain(f"because {VALUE}") == f"because {MARK}"
    assert storable({"a": [VALUE], VALUE: 1, "n": 20261123}) == f'{{"a":["{MARK}"],"{MARK}":1,"n":20261123}}'


def test_rows_that_are_about_to_be_written_lose_what_is_left() -> None:
    clean: list[Write] = [("insert", [["r1", 1, '{"a":"fine"}', None]])]
    assert without_secrets_in_rows(clean) is clean
    found = without_secrets_in_rows([("insert", [["r1", 2, f'{{"a":"{VALUE}"}}', f"said {VALUE}", f"[{VALUE}"]])])
    assert found == [("insert", [["r1", 2, f'{{"a":"{MARK}"}}', f"said {MARK}", f"[{MARK}"]])]
