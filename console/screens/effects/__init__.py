"""The effects of a tenant of which nobody knows whether they happened."""
