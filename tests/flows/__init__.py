"""Whole ways through the product: real Daphne, worker, Redis, vendor and Chromium."""
