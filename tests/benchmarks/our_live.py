"""The measured processes of the live benchmark: one Daphne, its Redis, a crowd of sockets and a Chromium."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

django.setup()

from playwright.sync_api import Browser, Page, expect  # noqa: E402  # models load only once Django is set up

from agents.models import Run  # noqa: E402
from tests.benchmarks.live_traffic import EVENTS_A_COMMIT, Crowd, Marks, Traffic, collect, live_runs, watch  # noqa: E402
from tests.console.long_run import write_turns  # noqa: E402
from tests.flows.console_client import signed_in  # noqa: E402
from tests.harness.browser import chromium  # noqa: E402
from tests.harness.live_stack import LiveStack  # noqa: E402

RUNS, EVENTS_PER_SECOND, VIEWERS = 200, 300, 50
LOOK_SECONDS = 5.0
WARM_UP_SECONDS = 5.0
MB = 1024 * 1024
LONG_TURNS, OPENED = 5_000, 5
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
"""A page may have been loaded and not been painted yet."""
SCROLL_UP = """async () => {
    const first = () => document.querySelector("[data-follow] > [data-row]");
    const [was, began] = [first().id, performance.now()];
    first().scrollIntoView({ block: "center" });
    while (first().id === was) await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, required=True)
    minutes = parser.parse_args().minutes
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    stack = LiveStack(var=Path(os.environ["WATCHFLOOR_VAR"]), environment={})
    settings.REDIS_URL = stack.redis_url
    try:
        stack.start("redis", "web")
        with chromium() as browser:
            figures = {**measured(stack, browser, seconds=60 * minutes), "trace": long_trace(stack, browser)}
    finally:
        stack.end()
    print(json.dumps(figures))


def measured(
    stack: LiveStack,
    browser: Browser,
    *,
    seconds: float,
    runs: int = RUNS,
    viewers: int = VIEWERS,
    events_per_second: float = EVENTS_PER_SECOND,
) -> dict[str, Any]:
    """Half of the viewers watch the list, the others a run each; two pages of a browser are among them."""
    made = live_runs(runs)
    pages = opened(stack, browser, made[-1])
    crowd = gathered(stack, made, viewers - len(pages))
    traffic = Traffic(made, events_per_second=events_per_second)
    traffic.start()
    time.sleep(min(WARM_UP_SECONDS, seconds / 4))
    seen = [Marks() for _ in pages]
    began, daphne = time.time(), looked_at(stack.pid("web"), pages, seen, seconds)
    traffic.done.set()
    traffic.join(20)
    time.sleep(1)
    for page, marks in zip(pages, seen, strict=True):
        collect(page, marks)
    crowd.leave()
    committed = [each for each in traffic.committed if began <= each[2] < began + seconds]
    shift = sum(page.evaluate("window.shifts") for page in pages)
    pages[0].context.close()
    return {
        "seconds": round(seconds, 1),
        "runs": runs,
        "viewers": viewers,
        "events_per_second": round(EVENTS_A_COMMIT * len(committed) / seconds),
        "frames": crowd.frames,
        "sockets_lost": crowd.lost,
        "socket_ms": spread([delay for marks in crowd.marks for delay in marks.delays_ms(committed)]),
        "dom_ms": spread([delay for marks in seen for delay in marks.delays_ms(committed)]),
        "layout_shift": shift,
        **daphne,
    }


def opened(stack: LiveStack, browser: Browser, run: Run) -> list[Page]:
    """Two pages of one person: the list, and a run."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    pages = [context.new_page() for _ in range(2)]
    pages[0].goto(stack.sign_in_url())
    pages[0].get_by_role("button", name="Sign in").click()
    pages[0].wait_for_url("**/t/acme/**")
    for page, path in zip(pages, ("", f"{run.pk}/"), strict=True):
        watch(page, f"{stack.base_url}/t/acme/runs/{path}")
    return pages


def looked_at(pid: int, pages: list[Page], seen: list[Marks], seconds: float) -> dict[str, Any]:
    """What Daphne takes in so many seconds; what pages show is collected meanwhile."""
    began, cpu, memory = time.monotonic(), cpu_seconds(pid), [rss_bytes(pid)]
    while time.monotonic() < began + seconds:
        time.sleep(min(LOOK_SECONDS, seconds / 4))
        memory.append(rss_bytes(pid))
        for page, marks in zip(pages, seen, strict=True):
            collect(page, marks)
    return {
        "daphne_mb": [round(each / MB, 1) for each in (memory[0], max(memory), memory[-1])],
        "daphne_cpu": round((cpu_seconds(pid) - cpu) / (time.monotonic() - began), 2),
    }


def long_trace(stack: LiveStack, browser: Browser, *, turns: int = LONG_TURNS) -> dict[str, float]:
    """A run of two steps a turn: until its page has rows on the screen, and until another window of it is there."""
    (run,) = live_runs(1)
    write_turns(run, turns)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(stack.sign_in_url())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/t/acme/**")
    opened, scrolled = [], []
    for _ in range(OPENED):
        page.goto(f"{stack.base_url}/t/acme/runs/{run.pk}/")
        opened.append(page.wait_for_function(FIRST_PAINT).json_value())
        expect(page.locator("html")).to_have_attribute("data-live", "live", timeout=30_000)
        scrolled += [page.evaluate(SCROLL_UP) for _ in range(OPENED)]
    context.close()
    return {
        "steps": 2 * turns,
        "open_ms": round(statistics.median(opened)),
        "window_ms": round(statistics.median(scrolled)),
    }


def gathered(stack: LiveStack, made: list[Run], count: int) -> Crowd:
    """Sockets as of so many pages; two of each kind note what they are shown."""
    with signed_in(stack) as console:
        paths = ["/t/acme/runs/" if number % 2 == 0 else f"/t/acme/runs/{made[number].pk}/" for number in range(count)]
        read = {path: console.read(path) for path in dict.fromkeys(paths)}
        pages = [(read[path], number < 4) for number, path in enumerate(paths)]
        crowd = Crowd(origin=stack.base_url, cookie=console.cookies, pages=pages)
    crowd.start()
    assert crowd.all_there.wait(60), "not all sockets came"
    return crowd


def spread(delays: list[float]) -> dict[str, float]:
    """Median, the 95th of a hundred, and the longest."""
    if not delays:
        return {"count": 0}
    ordered = sorted(delays)
    p95 = ordered[int(len(ordered) * 0.95)]
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 1),
        "p95": round(p95, 1),
        "max": round(ordered[-1], 1),
    }


def rss_bytes(pid: int) -> int:
    """The resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
