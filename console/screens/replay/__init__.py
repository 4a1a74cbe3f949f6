"""Going back in a run: fork it from a step, retry it, replay it without a network."""
