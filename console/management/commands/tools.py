"""Shows how the links of tools and LLMs stand, and forces, probes or limits one, from the terminal."""

from datetime import timedelta
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.tool_control import ControlRefused, ask_probe, force, set_slow_limit, unforce
from agents.tools.affected import Figures, figures, standings
from agents.tools.breaker import Forced
from agents.tools.in_use import links_in_use
from budgets import clock
from console.terminal.actor import terminal_actor
from console.terminal.lines import plain

SHOWN = timedelta(hours=1)
SHOWN_WORDS = "the last hour"


class Command(BaseCommand):
    """`manage.py tools list | force LINK open|closed|only | unforce LINK | probe LINK | slow LINK MS|default`."""

    help = "Show the breakers of tools and LLMs; force one, have it probed, or say from when on it is too slow."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which link, and what about it."""
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list", help=f"every link, how it stands, and its figures of {SHOWN_WORDS}")
        forced = acts.add_parser("force", help="decide for all workers what the breaker says")
        unforced = acts.add_parser("unforce", help="let the breaker decide again")
        probe = acts.add_parser("probe", help="have it tried within seconds, or by the next call where it has no probe")
        slow = acts.add_parser("slow", help="from how many milliseconds on an answer counts as a failure")
        for each in (forced, unforced, probe, slow):
            each.add_argument("link", help="tool/implementation or llm/reference, see: tools list")
        forced.add_argument("to", choices=["open", "closed", "only"], help="only: this link of its chain, no other")
        forced.add_argument("--reason", required=True, help="why; it is kept, and shown beside the link")
        slow.add_argument("limit", help="milliseconds; 0: never; default: as the link itself says")

    def handle(self, *_args: Any, act: str, **options: Any) -> None:
        """Exit 1 with one line for what cannot be."""
        if act == "list":
            self._list()
            return
        link = str(options["link"])
        if link not in links_in_use():
            raise CommandError(f"There is no link {link!r}; see: tools list.")
        try:
            self.stdout.write(self._done(act, link, options))
        except ControlRefused as refused:
            raise CommandError(str(refused)) from None

    def _done(self, act: str, link: str, options: dict[str, Any]) -> str:
        actor = terminal_actor()
        if act == "force":
            to = cast(Forced, options["to"])
            done = force(link=link, to=to, actor=actor, reason=str(options["reason"]))
            return f"{link} is {words_of('only' if to == 'only' else f'forced_{to}')}{'' if done else ' already'}."
        if act == "unforce":
            done = unforce(link=link, actor=actor)
            return f"The breaker of {link} decides again." if done else f"{link} was not forced."
        if act == "probe":
            done = ask_probe(link=link, actor=actor)
            return f"A probe of {link} is asked for{'' if done else ' already'}."
        limit = milliseconds(str(options["limit"]))
        done = set_slow_limit(link=link, slow_after_ms=limit, actor=actor)
        return f"{link} {slow_words(limit)}{'' if done else ' already'}."

    def _list(self) -> None:
        links = links_in_use()
        now = clock.now()
        stand, counted = standings(links), figures(links, now - SHOWN)
        width = max((len(link) for link in links), default=0)
        for link in links:
            due = stand[link].probe_due_at
            left = "" if due is None else f", probe in {max(0, round((due - now).total_seconds()))} s"
            row = stand[link].row
            forced = f", by {row.forced_by}: {plain(row.forced_reason)}" if row is not None and row.forced else ""
            self.stdout.write(
                f"{link:<{width}}  {words_of(stand[link].standing):<13}  {figures_words(counted[link])}{left}{forced}"
            )
        if not links:
            self.stdout.write("No agent has a tool yet.")


def words_of(standing: str) -> str:
    """A standing as people say it."""
    return {"half_open": "half open", "only": "the only one"}.get(standing, standing.replace("_", " "))


def figures_words(counted: Figures) -> str:
    """Calls, bad ones and durations in one phrase."""
    if not counted.calls:
        return f"no call in {SHOWN_WORDS}"
    return (
        f"{counted.calls:,} calls, {counted.bad_percent:.0f} % failed or slow, "
        f"p50 {counted.p50_ms} ms, p95 {counted.p95_ms} ms"
    )


def milliseconds(text: str) -> int | None:
    """A limit as typed. Raises ControlRefused for what is neither a number nor "default"."""
    if text == "default":
        return None
    if not text.isdigit():
        raise ControlRefused("Write milliseconds, 0 for never, or default.")
    return int(text)


def slow_words(limit: int | None) -> str:
    """What a limit means."""
    if limit is None:
        return "is too slow when its own limit says so"
    return f"is too slow after {limit:,} ms" if limit else "is never too slow"
