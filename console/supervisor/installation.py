"""One machine's whole installation, from an empty folder to a printed sign-in link."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections

from console.access.sign_in_links import create_link
from console.supervisor import first_use, folder, leftovers, programs, readiness, redis_server, static_files
from console.supervisor.addresses import LOOPBACK, require_free
from console.supervisor.problems import CannotRun
from console.supervisor.watch import GRACE_SECONDS, Watch

FIRST_OPERATOR = "acme_admin"


@dataclass
class Installation:
    """What `up` runs: the folder it writes to, the port it serves, and how it speaks to the terminal."""

    var: Path
    port: int
    say: Callable[[str], None]
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start everything, say where it is, and keep it running until `ended`; CannotRun says why not."""
        folder.prepare(self.var)
        with folder.only_one(self.var):
            leftovers.end_leftovers(file=self._pids)
            require_free(self.port)
            usual = {"WATCHFLOOR_DRAIN_SECONDS": f"{GRACE_SECONDS / 2:g}"}  # whoever pressed Ctrl-C waits
            environment = {**usual, **os.environ, "PYTHONUNBUFFERED": "1", "WATCHFLOOR_LOG": "json"}
            watch = Watch(var=self.var, environment=environment, say=self.say, note=self._note)
            try:
                self._start(watch, environment)
                watch.keep(ended=self.ended)
            finally:
                watch.end()
                self._pids.unlink(missing_ok=True)
                self._redis_url.unlink(missing_ok=True)

    @property
    def _redis_url(self) -> Path:
        """Where commands in other terminals find the private Redis; for this user's eyes only."""
        return self.var / "run" / "redis-url"

    @property
    def _pids(self) -> Path:
        return self.var / "run" / "pids.json"

    def _note(self, pids: Mapping[str, int]) -> None:
        leftovers.note(file=self._pids, pids=pids)

    def _start(self, watch: Watch, environment: dict[str, str]) -> None:
        redis_url = self._start_redis(watch)
        environment["REDIS_URL"] = redis_url
        prepared_before = self._prepare_data()
        node, schedule = f"watchfloor-{os.getpid()}@{LOOPBACK}", self.var / "run" / "beat-schedule"
        for old in schedule.parent.glob(f"{schedule.name}*"):
            old.unlink()
        threads = settings.WORKER_THREADS
        watch.start(programs.worker(threads=threads, node=node, redis_url=redis_url))
        watch.start(programs.web(port=self.port))
        watch.start(programs.beat(schedule=schedule))
        if prepared_before:
            first_use.seed()
        # Made while the others start, since the address of a page costs loading all pages.
        link = create_link(username=FIRST_OPERATOR)
        connections.close_all()
        watch.wait_until_ready(ended=self.ended)
        if not self.ended.is_set():
            self._announce(link)

    def _start_redis(self, watch: Watch) -> str:
        if given := os.environ.get("REDIS_URL"):
            if not readiness.redis_answers(url=given):
                raise CannotRun("Redis does not answer at REDIS_URL; start it, or unset REDIS_URL for a private one.")
            return given
        program, url = redis_server.private_redis(folder=self.var / "redis")
        watch.start(program)
        self._redis_url.touch(mode=0o600)
        self._redis_url.write_text(url, encoding="ascii")
        return url

    def _prepare_data(self) -> bool:
        """Bring database and static files up to date; True when the database already was."""
        static_files.collect_if_changed(root=settings.STATIC_ROOT, stamp=self.var / "run" / "static-files")
        try:
            if not first_use.migrations_waiting():
                return True
            self.say("Preparing the database ...")
            first_use.migrate()
            first_use.seed()
        except DatabaseError as error:
            raise CannotRun(f"the database refuses: {' '.join(str(error).split())}") from error
        finally:
            connections.close_all()
        return False

    def _announce(self, link: str) -> None:
        address = f"http://{LOOPBACK}:{self.port}"
        self.say(f"Watchfloor runs at {address}/")
        self.say(f"Sign in once with {address}{link}")
        self.say("Ctrl-C ends it.")
