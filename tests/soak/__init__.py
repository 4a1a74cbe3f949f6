"""Half an hour of faults under load, and what must be true of it at all times and at its end."""
