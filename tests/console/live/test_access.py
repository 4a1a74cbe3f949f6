"""Who may open a socket, and how long it stays open."""

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError

from agents.models import Run
from console.live import feeds, gate
from console.live.consumer import acknowledged, cursor, same_origin
from console.live.threads import in_thread
from console.models import Membership, User
from tests.console.live.conftest import Page, Play, cookie_of

LIST = "/live/t/acme/runs/"
TOOLS = "/live/t/acme/tools/"
ALL = "/live/all/"


@pytest.mark.parametrize(
    "origin", [b"", b"http://evil.test", b"http://console.test", b"null", b"file://console.test:8000"]
)
def test_a_foreign_origin_gets_no_handshake(viewer: User, play: Play, origin: bytes) -> None:
    page = Page(LIST, cookie_of(viewer), origin=origin)

    async def scenario() -> None:
        assert not await page.open()

    play(scenario)


def test_who_is_signed_out_is_told_so(run: Run, play: Play) -> None:
    page = Page(f"/live/t/{run.tenant.slug}/runs/")

    async def scenario() -> None:
        assert await page.open()
        assert await page.closing_code() == 4401

    play(scenario)


def test_a_stranger_cannot_tell_a_foreign_tenant_from_none(stranger: User, run: Run, play: Play) -> None:
    cookie = cookie_of(stranger)
    paths = [LIST, f"{LIST}{run.pk}/", "/live/t/nowhere/runs/", f"/live/t/globex/runs/{run.pk}/"]

    async def scenario() -> None:
        for path in paths:
            page = Page(path, cookie)
            assert await page.open()
            assert await page.closing_code() == 4404

    play(scenario)


def test_who_is_in_no_tenant_watches_none(viewer: User, play: Play) -> None:
    Membership.objects.filter(user=viewer).delete()
    page = Page(ALL, cookie_of(viewer))

    async def scenario() -> None:
        assert await page.open()
        assert await page.closing_code() == 4404

    play(scenario)


def sockets_of(run: Run, cookie: bytes) -> list[Page]:
    """A socket to each of the feeds."""
    return [Page(path, cookie) for path in (LIST, f"{LIST}{run.pk}/", TOOLS, ALL)]


def test_a_removed_member_is_cut_off_at_the_next_check(viewer: User, run: Run, play: Play) -> None:
    pages = sockets_of(run, cookie_of(viewer))

    async def scenario() -> None:
        for page in pages:
            await page.watch()
        await in_thread(Membership.objects.filter(user=viewer).delete)
        assert [await page.closing_code() for page in pages] == [4403] * 4

    play(scenario)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_who_is_disabled_is_cut_off_at_the_next_check(
    viewer: User, run: Run, play: Play, change: dict[str, object]
) -> None:
    pages = sockets_of(run, cookie_of(viewer))

    async def scenario() -> None:
        for page in pages:
            await page.watch()
        await in_thread(User.objects.filter(pk=viewer.pk).update, **change)
        assert [await page.closing_code() for page in pages] == [4401] * 4

    play(scenario)


def test_who_signs_out_is_cut_off_and_whoever_else_is_there_stays(
    viewer: User, stranger: User, run: Run, play: Play
) -> None:
    pages, other = sockets_of(run, cookie_of(viewer)), Page("/live/t/globex/runs/", cookie_of(stranger))
    (ended,) = [each for each in Session.objects.all() if each.get_decoded()["_auth_user_id"] == str(viewer.pk)]

    async def scenario() -> None:
        for page in (*pages, other):
            await page.watch()
        await in_thread(ended.delete)
        assert [await page.closing_code() for page in pages] == [4401] * 4
        await feeds.hub.gate.check()
        assert await other.socket.receive_nothing()
        await other.close()

    play(scenario)


def test_who_cannot_be_checked_is_cut_off_and_comes_again(
    viewer: User, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(LIST, cookie_of(viewer))

    def away(*_claim: object) -> None:
        raise OperationalError

    async def scenario() -> None:
        await page.watch()
        monkeypatch.setattr(gate, "still_admitted", away)
        assert await page.closing_code() == 1011

    play(scenario)


def test_a_closed_socket_is_asked_for_no_more(viewer: User, play: Play) -> None:
    page = Page(LIST, cookie_of(viewer))

    async def scenario() -> None:
        await page.watch()
        assert len(feeds.hub.gate._guests) == 1
        await page.close()
        assert len(feeds.hub.gate._guests) == 0

    play(scenario)


def test_the_origin_must_be_the_very_host() -> None:
    assert same_origin({b"host": b"a.test:1", b"origin": b"https://A.test:1"})
    assert not same_origin({b"host": b"a.test:1", b"origin": b"https://a.test:2"})
    assert not same_origin({})


@pytest.mark.parametrize("query", [b"", b"seq=-1", b"seq=1e3&epoch=x", b"seq=%C2%B2", b"seq=99999999999999&epoch=x"])
def test_an_unreadable_cursor_is_none(query: bytes) -> None:
    assert cursor(query) == ("", 0)


def test_a_cursor_is_read() -> None:
    assert cursor(b"seq=12&epoch=ab") == ("ab", 12)


@pytest.mark.parametrize(
    "message", [None, "", "[]", "{}", '{"ack": true}', '{"ack": "1"}', "nonsense", '{"ack":1}' + " " * 300]
)
def test_other_messages_than_acknowledgements_are_ignored(message: str | None) -> None:
    assert acknowledged(message) == {}


def test_acknowledgements_are_read() -> None:
    assert acknowledged('{"ack": 7}') == {"ack": 7}
    assert acknowledged('{"read": 2}') == {"read": 2}
