"""Loopback ports: which is free, which is taken."""

import errno
import socket

from console.supervisor.problems import CannotRun

LOOPBACK = "127.0.0.1"


def parsed_port(text: str) -> int:
    """The port as a number; CannotRun when it is none."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise CannotRun(f"PORT={text} is no port: choose a number from 1 to 65535.")
    return int(text)


def require_free(port: int) -> None:
    """Raise CannotRun when another program already listens on the port."""
    with socket.socket() as probe:
        # As servers do it, or the last connections of an earlier start would count as a taken port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise CannotRun(_refusal(port, error)) from None


def free_port() -> int:
    """A port that nobody listens on; the system hands them out in turn, so it stays free a while."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _refusal(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another: make run PORT={port + 1}"
    reason = (error.strerror or str(error)).lower()
    return f"port {port} cannot be used: {reason}; choose another: make run PORT=8000"
