#!/usr/bin/env python
"""Hand the command line to Django with this project's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from budgets.acting import acting_from


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    with acting_from(f"command {' '.join(sys.argv[1:2])}"):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
