"""Secrets of tools and vendors: set and removed here, never read."""
