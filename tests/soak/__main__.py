"""`python -m tests.soak [--minutes 30] [--seed N] [--database sqlite|postgres]`: exit 1 at the first violation."""

import argparse
import os
import secrets
import sys
import tempfile
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

import django

from console.supervisor.redis_server import private_redis
from tests.harness.databases import StackDatabases
from tests.harness.faulty_proxy import FaultyProxy
from tests.harness.machine import ProgramMissing, provide
from tests.harness.postgres import restartable_postgres
from tests.soak.agent import FAR_END
from tests.soak.crew import Crew
from tests.soak.far_end import far_end
from tests.soak.plain_rows import PlainDatabase

UNSET = ("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "ANTHROPIC_API_KEY")


def main(arguments: list[str]) -> int:
    """Say what is to be played, play it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=30.0, help="how long faults are injected; draining comes on top"
    )
    parser.add_argument("--seed", type=int, default=None, help="of all dice; a new one when it is not given")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    wanted = parser.parse_args(arguments)
    seed = secrets.randbelow(10**9) if wanted.seed is None else wanted.seed
    print(f"soak: {wanted.minutes:g} minutes on {wanted.database}, --seed {seed}", flush=True)
    try:
        provide()
        with ExitStack() as stack:
            return play(stack, postgres=wanted.database == "postgres", seed=seed, seconds=wanted.minutes * 60)
    except ProgramMissing as problem:
        print(f"watchfloor: {problem}", file=sys.stderr)
        return 1


def play(stack: ExitStack, *, postgres: bool, seed: int, seconds: float) -> int:
    """Servers first: Django reads where its rows are when it is set up, and models may be imported only after that."""
    for name in UNSET:
        os.environ.pop(name, None)
    sink = stack.enter_context(far_end(seed))
    os.environ |= {"WATCHFLOOR_LIBRARY": "tests.soak.agent", FAR_END: sink.url, "PYTHONUNBUFFERED": "1"}
    var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchfloor-soak-")))
    server = stack.enter_context(restartable_postgres()) if postgres else None
    direct = StackDatabases(server_url=server.url if server else "", folder=_made(var / "template")).copy(var=var)
    given = dict(direct)
    database_proxy = None
    if server is not None:
        database_proxy = stack.enter_context(FaultyProxy(direct["DATABASE_URL"], seed=seed))
        given["DATABASE_URL"] = database_proxy.url()
    redis, redis_url = private_redis(folder=_made(var / "redis"))
    redis_proxy = stack.enter_context(FaultyProxy(redis_url, seed=seed))
    os.environ |= {**given, "REDIS_URL": redis_proxy.url(), "DJANGO_SETTINGS_MODULE": "console.settings"}
    crew = Crew(redis=redis, redis_url=redis_proxy.url(), var=var, environment=given)
    stack.callback(crew.end_all)
    django.setup()
    day = import_module("tests.soak.day")
    place = day.Place(
        var=var,
        environment=given,
        crew=crew,
        redis_url=redis_url,
        redis_proxy=redis_proxy,
        postgres=server,
        postgres_proxy=database_proxy,
        far_end=sink,
        database=PlainDatabase(file=var / "watchfloor.sqlite3", url=direct["DATABASE_URL"]),
    )
    code: int = day.run(place, seed=seed, seconds=seconds)
    return code


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
