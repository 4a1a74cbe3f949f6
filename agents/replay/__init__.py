"""Going back in a run: what a retry or a fork would do again, and the same run once more without a network."""
