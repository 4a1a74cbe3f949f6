"""Who acts when somebody types a command."""

import getpass

from agents.secrets.vault import vault


def terminal_actor() -> str:
    """The account of the operating system, marked as the terminal's; "unknown" where it has no name.

    Whoever acts may type a secret as well: from here on this process knows them all, and keeps them out of its rows.
    """
    vault.refresh()
    try:
        return f"{getpass.getuser()} (terminal)"
    except (OSError, KeyError, ImportError):
        return "unknown (terminal)"
