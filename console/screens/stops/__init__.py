"""Stopping things: many runs at once, standing stops, and the receipts of both."""
