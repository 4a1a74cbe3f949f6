"""Launch a run."""
