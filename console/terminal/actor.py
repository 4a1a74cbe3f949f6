"""Who acts when somebody types a command."""

import getpass


def terminal_actor() -> str:
    """The account of the operating system, marked as the terminal's; "unknown" where it has no name."""
    try:
        return f"{getpass.getuser()} (terminal)"
    except (OSError, KeyError, ImportError):
        return "unknown (terminal)"
