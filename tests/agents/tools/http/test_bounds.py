"""Whatever an endpoint answers, a call takes no more memory and no more time than it was given."""

import gzip
import json
import tracemalloc

import pytest

from tests.agents.tools.http.calling import called, failed, link
from tests.agents.tools.http.far_end import PIECE, FarEnd, Reply, page

JSON = ("content-type", "application/json")
PACKED = ("content-encoding", "gzip")
MEGABYTE = 1_000_000
PATIENCE_SECONDS = 60


def bomb(megabytes: int) -> bytes:
    """A few bytes that unpack to many."""
    return gzip.compress(b'"' + b"x" * (megabytes * MEGABYTE) + b'"', compresslevel=9)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (page(), "the answer is an HTML page"),
        (Reply(200, (JSON,), b"<html>"), "the answer is an HTML page"),
        (Reply(200, (("content-type", "image/png"),), b"\x89PNG"), "the answer is image/png, not JSON"),
        (Reply(200, (JSON,), b'{"a": NaN}'), "the answer is no JSON that can be read"),
        (Reply(200, (JSON,), b'{"a": "\xff"}'), "the answer is no JSON that can be read"),
        (Reply(200, (JSON,), b"[" * 100_000), "the answer is no JSON that can be read"),
        (Reply(200, (JSON,), b"[" * 500 + b"]" * 500), "the answer is nested more than 200 levels deep"),
        (Reply(200, (JSON,), b"9" * 5_000), "the answer is no JSON that can be read"),
        (Reply(200, (JSON, ("content-length", "200000000")), b"{"), "the answer is larger than 1,000,000 bytes"),
        (Reply(200, (JSON,), PIECE, pieces=3_200), "the answer is larger than 1,000,000 bytes"),
        (Reply(200, (JSON,), PIECE, pieces=10**9), "the answer is larger than 1,000,000 bytes"),
        (Reply(200, (JSON, PACKED), bomb(100)), "the answer is larger than 1,000,000 bytes"),
        (Reply(200, (JSON, PACKED), bomb(1)[:400]), "the packed answer ends too early"),
        (Reply(200, (JSON, PACKED), b"{}"), "the packed answer cannot be unpacked"),
        (Reply(200, (JSON, ("content-encoding", "br")), b"{}"), "the answer is packed in a way that was not asked for"),
        (Reply(200, (JSON, *[("x-note", "n")] * 300), b"{}"), "the answer has more than 200 headers"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_with_the_reason(reachable: FarEnd, reply: Reply, why: str) -> None:
    error = failed(link(url=reachable.on("/", reply).url))
    assert error.error == f"the endpoint cannot be used: {why}"
    assert reachable.written_bytes < 20 * MEGABYTE


def test_headers_without_end_end_the_call(reachable: FarEnd) -> None:
    reply = Reply(200, (JSON, *[("x-note", "n" * 1_000)] * 2_000), b"{}")
    assert failed(link(url=reachable.on("/", reply).url, retries=0)).error == "127.0.0.1 broke off: RemoteProtocolError"


def test_a_slow_drip_ends_with_the_time_limit(reachable: FarEnd) -> None:
    error = failed(link(0.4, url=reachable.on("/", Reply(200, (JSON,), b" ", 10**6, 0.02)).url))
    assert (error.error, error.timed_out) == ("no answer within 0.4 s", True)
    assert reachable.hung_up.wait(PATIENCE_SECONDS), "the endpoint would drip for hours"


def test_a_bomb_takes_no_more_memory_than_an_answer_may_have(reachable: FarEnd) -> None:
    target = link(url=reachable.on("/", Reply(200, (JSON, PACKED), bomb(100))).url)
    tracemalloc.start()
    try:
        failed(target)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * MEGABYTE


def test_no_tool_can_allow_itself_more_than_there_is_for_any(reachable: FarEnd) -> None:
    target = link(url=reachable.on("/", Reply(200, (JSON,), PIECE, pieces=1_000)).url, max_bytes=10**9)
    assert failed(target).error == "the endpoint cannot be used: the answer is larger than 10,000,000 bytes"


def test_a_packed_answer_is_read(reachable: FarEnd) -> None:
    body = gzip.compress(json.dumps({"parts": ["x" * 100] * 1_000}).encode())
    said = called(link(url=reachable.on("/", Reply(200, (JSON, PACKED), body)).url))
    assert said == {"parts": ["x" * 100] * 1_000}
