"""A call over HTTP: what leaves, what comes back, and what is tried again."""

import pytest
from pydantic import JsonValue

from agents.contracts.calls import ToolRefusal
from agents.contracts.specs import Effect
from agents.tools.http import call as calling
from tests.agents.tools.http.calling import called, failed, link
from tests.agents.tools.http.far_end import CUT, SILENT, FarEnd, Reply, moved, page, says

PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "FIRST_PAUSE_SECONDS", 0.001)


def test_arguments_go_into_the_path_the_query_and_the_body_and_the_result_is_what_the_pointer_names(
    reachable: FarEnd,
) -> None:
    reachable.on("/shops/a%2Fb/orders", says({"data": [{"id": 1}]}))
    target = link(
        method="POST", url=reachable.url + "/shops/{shop}/orders?dry=1", query={"q": "{text}"}, result="/data/0"
    )
    said = called(target, {"shop": "a/b", "text": "tea & cup", "items": [{"sku": "T1"}], "note": None})
    assert said == {"id": 1}
    (request,) = reachable.requests
    assert (request.method, request.target) == ("POST", "/shops/a%2Fb/orders?dry=1&q=tea%20%26%20cup")
    assert request.json == {"items": [{"sku": "T1"}], "note": None}
    assert request.headers["content-type"] == "application/json"


def test_secrets_are_filled_in_where_the_call_leaves(reachable: FarEnd) -> None:
    reachable.on("/orders", says([]))
    target = link(url=reachable.url + "/orders?key={secret:KEY}", headers={"Authorization": "Bearer {secret:TOKEN}"})
    assert called(target, KEY="a&b", TOKEN="canary") == []
    assert reachable.requests[0].target == "/orders?key=a%26b"
    assert reachable.requests[0].headers["authorization"] == "Bearer canary"


def test_a_secret_that_nobody_has_set_is_the_implementations_failure_and_nothing_is_sent(reachable: FarEnd) -> None:
    error = failed(link(url=reachable.url, headers={"X-Key": "{secret:KEY}"}), effect="unkeyed")
    assert (error.error, error.maybe_happened) == ("The secret KEY is not set.", False)
    assert reachable.connections == 0


def test_a_secret_that_no_header_can_carry_is_not_told(reachable: FarEnd) -> None:
    error = failed(link(url=reachable.url, headers={"X-Key": "{secret:KEY}"}), secrets={"KEY": "canary\r\nX-Evil: 1"})
    assert error.error == "The header 'X-Key' cannot be sent."
    assert reachable.connections == 0


@pytest.mark.parametrize(("effect", "sent"), [("keyed", "k" * 64), ("unkeyed", None), ("pure", None)])
def test_a_keyed_tool_sends_its_key(reachable: FarEnd, effect: Effect, sent: str | None) -> None:
    called(link(method="POST", url=reachable.on("/", says({})).url), {"to": "ann"}, effect)
    assert reachable.requests[0].headers.get("idempotency-key") == sent


@pytest.mark.parametrize("trouble", [CUT, says({}, 503), says({}, 502), says({}, 429, retry_after="0")])
@pytest.mark.parametrize("effect", ["pure", "keyed"])
def test_what_may_be_repeated_is_tried_again_under_the_same_key(
    reachable: FarEnd, trouble: Reply, effect: Effect
) -> None:
    reachable.on("/", trouble, says({"ok": True}))
    assert called(link(method="POST", url=reachable.url), effect=effect) == {"ok": True}
    assert len({request.headers.get("idempotency-key") for request in reachable.requests}) == 1
    assert len(reachable.requests) == 2


def test_tries_are_bounded_and_counted(reachable: FarEnd) -> None:
    error = failed(link(url=reachable.on("/", says({"message": "busy"}, 503)).url, retries=2))
    assert error.error == "the endpoint answered 503: busy (tried 3 times)"
    assert len(reachable.requests) == 3


@pytest.mark.parametrize("trouble", [CUT, says({}, 500), says({}, 503), page(200)])
def test_an_unkeyed_write_that_was_sent_is_never_sent_again_and_may_have_happened(
    reachable: FarEnd, trouble: Reply
) -> None:
    error = failed(link(method="POST", url=reachable.on("/", trouble).url, retries=3), effect="unkeyed")
    assert error.maybe_happened
    assert len(reachable.requests) == 1


@pytest.mark.parametrize("trouble", [says({}, 401), says({}, 429), says({}, 408), moved("/elsewhere", 301)])
def test_an_unkeyed_write_that_was_turned_away_has_not_happened(reachable: FarEnd, trouble: Reply) -> None:
    error = failed(link(method="POST", url=reachable.on("/", trouble).url, retries=3), effect="unkeyed")
    assert not error.maybe_happened
    assert len(reachable.requests) == 1


def test_a_write_that_found_nobody_has_not_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_TOOL_HOSTS", "127.0.0.1:1")
    error = failed(link(method="POST", url="http://127.0.0.1:1/"), effect="unkeyed")
    assert error.error == "127.0.0.1 could not be reached: All connection attempts failed (tried 2 times)"
    assert not error.maybe_happened


def test_a_wait_that_the_endpoint_asks_for_is_not_begun_when_it_is_longer_than_the_call_may_take(
    reachable: FarEnd,
) -> None:
    error = failed(link(url=reachable.on("/", says({}, 429, retry_after="3600")).url))
    assert error.error.startswith("the endpoint answered 429")
    assert len(reachable.requests) == 1


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (says({"error": {"message": "no such order"}}, 422), "no such order"),
        (says({"detail": "no such order"}, 404), "no such order"),
        (says({"errors": ["id: unknown"]}, 400), '["id: unknown"]'),
        (says({}, 409), "{}"),
        (Reply(410, (("content-type", "text/plain"),), b"gone  for\ngood"), "gone for good"),
    ],
)
def test_the_tools_own_no_is_told_to_the_llm(reachable: FarEnd, reply: Reply, told: str) -> None:
    reachable.on("/orders/7", reply)
    with pytest.raises(ToolRefusal) as refusal:
        called(link(url=reachable.url + "/orders/{id}"), {"id": 7})
    assert str(refusal.value) == told


def test_a_long_no_is_cut(reachable: FarEnd) -> None:
    reachable.on("/", says({"message": "x" * 100_000}, 400))
    with pytest.raises(ToolRefusal) as refusal:
        called(link(url=reachable.url))
    assert len(str(refusal.value)) == 500


@pytest.mark.parametrize("status", [401, 403, 405, 415])
def test_a_no_to_our_credentials_or_method_is_the_implementations_failure(reachable: FarEnd, status: int) -> None:
    error = failed(link(url=reachable.on("/", says({"message": "no"}, status)).url))
    assert error.error == f"the endpoint answered {status}: no"


def test_a_page_that_is_not_there_is_the_tools_word_only_where_an_argument_names_it(reachable: FarEnd) -> None:
    assert failed(link(url=reachable.url + "/ordres")).error == "the endpoint answered 404: no such page"
    reachable.on("/orders/7", page(404))
    assert failed(link(url=reachable.url + "/orders/{id}"), {"id": 7}).error.endswith("404: an HTML page")


def test_an_argument_cannot_lead_to_another_address(reachable: FarEnd) -> None:
    target = link(method="DELETE", url=reachable.url + "/orders/{id}")
    nothing: tuple[JsonValue, ...] = ("", ".", "..", None, ["a"])
    for value in nothing:
        with pytest.raises(ToolRefusal):
            called(target, {"id": value})
    reachable.on("/orders/..%2F..%2Fadmin%3Fx%23y", says({}))
    called(target, {"id": "../../admin?x#y"})
    assert reachable.connections == 1


def test_what_a_bodiless_method_has_no_place_for_is_refused(reachable: FarEnd) -> None:
    with pytest.raises(ToolRefusal, match="takes no colour"):
        called(link(url=reachable.url + "/?q={q}"), {"q": "tea", "colour": "red"})
    assert reachable.connections == 0


def test_one_argument_can_be_the_whole_body(reachable: FarEnd) -> None:
    called(link(method="PUT", url=reachable.on("/7", says({})).url + "/{id}", body="order"), {"id": 7, "order": [1]})
    assert reachable.requests[0].json == [1]


def test_an_absent_argument_leaves_its_query_parameter_out_and_a_list_repeats_it(reachable: FarEnd) -> None:
    target = link(url=reachable.on("/", says({})).url, query={"a": "{a}", "b": "b-{b}", "c": "{c}", "d": "{d}"})
    called(target, {"a": ["x", 2], "c": None, "d": True})
    assert reachable.requests[0].target == "/?a=x&a=2&d=true"


def test_the_answer_must_look_as_was_promised(reachable: FarEnd) -> None:
    schema = {"type": "object", "properties": {"stock": {"type": "integer"}}, "required": ["stock"]}
    target = link(url=reachable.on("/", says({"stock": "many"}), says({"stock": 3})).url, result_schema=schema)
    error = failed(target)
    assert error.error == (
        "the endpoint cannot be used: the answer is not what was promised: .stock: 'many' is not of type 'integer'"
    )
    assert called(target) == {"stock": 3}


def test_a_schema_that_refers_elsewhere_is_not_fetched(reachable: FarEnd) -> None:
    target = link(url=reachable.on("/", says({})).url, result_schema={"$ref": reachable.url + "/schema.json"})
    assert "cannot be checked" in failed(target).error
    assert reachable.connections == 1


def test_an_empty_answer_is_null_and_plain_text_is_text(reachable: FarEnd) -> None:
    reachable.on("/empty", Reply(204)).on(
        "/text", Reply(200, (("content-type", "text/plain; charset=utf-8"),), b"\xc3\xa9")
    )
    assert called(link(url=reachable.url + "/empty")) is None
    assert called(link(url=reachable.url + "/text")) == "é"


def test_a_silent_endpoint_costs_the_time_limit_and_no_more(reachable: FarEnd) -> None:
    error = failed(link(0.3, method="POST", url=reachable.on("/", SILENT).url), effect="unkeyed")
    assert (error.error, error.timed_out, error.maybe_happened) == ("no answer within 0.3 s", True, True)
    assert reachable.hung_up.wait(PATIENCE_SECONDS), "the endpoint would never answer"
