"""The proof that no budget was overshot, and what it does not show."""
