"""The Overview: whether anything is wrong right now, and what helps."""
