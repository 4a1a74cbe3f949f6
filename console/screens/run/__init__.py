"""One run: its trace as it grows, why it is where it is, and the verbs that act on it."""
