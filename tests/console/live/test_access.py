"""Who may open a socket, and how long it stays open."""

import pytest

from agents.models import Run
from console.live.consumer import acknowledged_seq, cursor, same_origin
from console.live.threads import in_thread
from console.models import Membership, User
from tests.console.live.conftest import Page, Play, cookie_of

LIST = "/live/t/acme/runs/"


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


def test_a_removed_member_is_cut_off_at_the_next_check(viewer: User, play: Play) -> None:
    page = Page(LIST, cookie_of(viewer))

    async def scenario() -> None:
        await page.watch()
        await in_thread(Membership.objects.filter(user=viewer).delete)
        assert await page.closing_code() == 4403

    play(scenario)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
def test_an_ended_session_is_cut_off_at_the_next_check(viewer: User, play: Play, change: dict[str, object]) -> None:
    page = Page(LIST, cookie_of(viewer))

    async def scenario() -> None:
        await page.watch()
        await in_thread(User.objects.filter(pk=viewer.pk).update, **change)
        assert await page.closing_code() == 4401

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
    assert acknowledged_seq(message) is None


def test_an_acknowledgement_is_read() -> None:
    assert acknowledged_seq('{"ack": 7}') == 7
