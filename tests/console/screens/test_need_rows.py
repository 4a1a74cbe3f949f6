"""The rows of what needs a person: texts that stay texts, and the one verb for those who may do it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.access.policy import Verb
from console.screens.overview.ranking import Act, Need
from console.screens.overview.rows import need_rows

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
NEED = Need("cap-1", "bad", "warn", "It nears its cap", "$1 of $2 spent", "/run/", Act("Kill…", "/kill/", "kill", True))
KILL: frozenset[Verb] = frozenset({"view", "kill"})


def row(need: Need, verbs: frozenset[Verb] = KILL) -> str:
    (drawn,) = need_rows([need], verbs=verbs, now=NOW)
    return drawn


def test_who_may_not_do_what_helps_gets_a_link_to_look() -> None:
    assert 'hx-get="/kill/"' in row(NEED)
    shown = row(NEED, frozenset({"view"}))
    assert "/kill/" not in shown
    assert '<a class="button quiet" href="/run/" aria-label="Look (It nears its cap)">Look</a>' in shown


def test_a_verb_opens_its_dialog_or_leads_to_its_page() -> None:
    page = replace(NEED, act=Act("Open", "/tool/"))
    assert 'href="/tool/" aria-label="Open (It nears its cap)">Open</a>' in row(page)
    assert "<button" not in row(page)
    assert "button danger" not in row(NEED)
    assert "button danger" in row(replace(NEED, act=replace(NEED.act, danger=True)))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"until": NOW + timedelta(seconds=94)}, 'data-rel="until" datetime="2026-11-23T12:31:34+00:00">1m 34s</time>'),
        ({"until": NOW}, ">now</time>"),
        ({"since": NOW - timedelta(seconds=94)}, 'data-rel="ago" tabindex="0">1m 34s</time>'),
    ],
)
def test_time_counts_down_to_an_end_or_up_from_a_beginning(fields: dict[str, datetime], words: str) -> None:
    assert words in row(replace(NEED, **fields))  # type: ignore[arg-type]  # both hold instants
    assert "<time" not in row(NEED)


@pytest.mark.parametrize(
    ("nanos", "spread", "words"),
    [(0, 1, ""), (2 * 10**9, 1, "$2.00 cap"), (0, 1_200, "1,200 runs"), (2 * 10**9, 3, "$2.00 cap · 3 runs")],
)
def test_what_is_at_stake_is_said_in_one_line(nanos: int, spread: int, words: str) -> None:
    assert f'<span class="dim">{words}</span>' in row(replace(NEED, nanos=nanos, what="cap", spread=spread))


def test_what_people_and_agents_wrote_is_text() -> None:
    drawn = row(replace(NEED, title='"><script>x</script>', why="<b>why</b>", key="'><i>"))
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert drawn.count("&lt;script&gt;") == 2
