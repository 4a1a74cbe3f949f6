"""A day of a busy house, told after the fact: real runs of the bundled agents, under a clock that is set."""
