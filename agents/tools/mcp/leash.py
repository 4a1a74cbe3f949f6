"""Holds an MCP server's process group: when the worker dies, lets go, or the server ends, the whole group ends.

Run by path, without the project: it must start in milliseconds and needs nothing. Its first argument is the reading
end of a pipe whose other end only the worker has; the rest is the server's command.
"""

import _thread
import os
import signal
import sys

NOT_STARTED = 127


def main() -> None:
    """Start the server with our own pipes, and end with it."""
    worker, command = int(sys.argv[1]), sys.argv[2:]
    server = os.fork()
    if server == 0:
        os.close(worker)
        _become(command)
    os.close(0)
    os.close(1)
    _thread.start_new_thread(_follow, (worker,))
    _, status = os.waitpid(server, 0)
    code = os.waitstatus_to_exitcode(status)
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    try:
        os.write(2, f"\nended with {how}\n".encode())
    finally:  # of a dead worker the pipe is broken, and its server has ended by itself for want of input
        os.kill(0, signal.SIGKILL)  # what it has started and left behind, and ourselves


def _become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        os.write(2, f"cannot be started: {error}\n".encode())
    os._exit(NOT_STARTED)


def _follow(worker: int) -> None:
    """The pipe ends when the worker closes it, and when the worker ends in whatever way."""
    os.read(worker, 1)
    os.kill(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
