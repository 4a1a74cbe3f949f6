"""Calls that wait for a person's word, effects that nobody knows of, and the rules on who is asked."""
