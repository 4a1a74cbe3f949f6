"""A vendor on loopback: the rehearsal server as a process, and what it saw of its connections."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.harness.stages import ROOT


class Vendor:
    """Speaks OpenAI's chat completions; its models are rehearsal policies with misbehaviours."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def open_streams(self) -> int:
        """Answers that are being written now."""
        return int(self._get("/open")["open"])

    def opened(self) -> int:
        """Answers that were ever begun."""
        return int(self._get("/open")["opened"])

    def hung_up_on(self) -> list[str]:
        """The tasks of the answers that clients left before they were complete."""
        return [row["task"] for row in self._get("/closed")]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._root + path, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def running_vendor() -> Iterator[Vendor]:
    """Start it on a free port."""
    command = (sys.executable, "manage.py", "rehearsal_server", "--port", "0", "--print-port")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the vendor has no stdout")
        yield Vendor(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
