"""What can keep the processes of this machine from running, each in one line for people."""


class CannotRun(Exception):
    """Its text is the whole message: what is wrong, and what to do about it."""
