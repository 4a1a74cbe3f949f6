"""Secrets of tools and vendors: stored, filled in where a call leaves, and kept out of everything that is kept."""
