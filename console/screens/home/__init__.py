"""The way in: from the bare address to the runs of a tenant."""
