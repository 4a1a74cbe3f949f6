"""Run as a process of its own: reads a PDF from standard input, exits 0 when it opens, else says why not."""

import logging
import resource
import sys

from agents.library.documents.extraction import Unreadable, open_pdf

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 15


def main() -> int:
    """0 when the PDF opens and has pages. The limits end the process when the file makes it run wild."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.CRITICAL)
    try:
        open_pdf(sys.stdin.buffer.read())
    except Unreadable as error:
        sys.stdout.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
