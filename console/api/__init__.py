"""The HTTP API: runs are launched, read and killed by programs."""
