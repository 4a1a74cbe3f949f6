"""Serves the rehearsal LLM as an OpenAI-compatible endpoint, for tests and trials of the real client path."""

import asyncio
import contextlib
import signal
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from agents.llms.rehearsal_http.server import RehearsalServer


class Command(BaseCommand):
    """``manage.py rehearsal_server``: policies as models, misbehaviours in the model's name."""

    help = "Serve the rehearsal LLM (no AI) over HTTP, OpenAI-compatible, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, and whether a program reads the port."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8901, help="0 takes any free port")
        parser.add_argument("--print-port", action="store_true", help="print the port alone, for programs")

    def handle(self, *, host: str, port: int, print_port: bool, **options: object) -> None:
        """Serve until SIGINT or SIGTERM."""
        del options
        try:
            asyncio.run(self.serve(host, port, print_port=print_port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {(error.strerror or str(error)).lower()}.") from None

    async def serve(self, host: str, port: int, *, print_port: bool) -> None:
        """Listen, say where, wait for the signal to stop."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with RehearsalServer().listening(host, port) as taken:
            line = str(taken) if print_port else f"The rehearsal LLM (no AI) listens on http://{host}:{taken}/v1"
            with contextlib.suppress(BrokenPipeError):
                self.stdout.write(line)
                self.stdout.flush()
            await stop.wait()
