"""Runs the whole test command, and gives the flow tests real servers and a browser."""
