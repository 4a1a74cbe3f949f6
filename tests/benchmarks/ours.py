"""Time watchfloor on the benchmark's work: trace rows, hold and settle, effect row, fence and live push all on.

This script only gives the measured process its surroundings: a private redis-server and the benchmark's library.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from console.supervisor import readiness
from console.supervisor.child import Child
from console.supervisor.redis_server import private_redis

PATIENCE_S = 20
LOOK_S = 0.02


def main() -> int:
    """Run the measured process beside its Redis and answer with its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder)
        (var / "log").mkdir()
        program, url = private_redis(folder=var)
        redis = Child(program, var=var, environment=dict(os.environ), say=lambda _line: None)
        try:
            wait_for_redis(url)
            return subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.our_runs", *sys.argv[1:]],
                env={**os.environ, **surroundings(url)},
                check=False,
            ).returncode
        finally:
            redis.ask_to_end()
            redis.end(grace_seconds=3)


def wait_for_redis(url: str) -> None:
    """Come back when it answers. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S
    while not readiness.redis_answers(url=url):
        if time.monotonic() > deadline:
            raise TimeoutError("redis-server did not answer")
        time.sleep(LOOK_S)


def surroundings(redis_url: str) -> dict[str, str]:
    """What the measured process finds in its environment."""
    return {
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "WATCHFLOOR_LIBRARY": "tests.benchmarks.order_agent",
        "WATCHFLOOR_LOG": "plain",
        "REDIS_URL": redis_url,
    }


if __name__ == "__main__":
    sys.exit(main())
