"""Tests of the LLMs, against a stub vendor and the rehearsal server on the loopback."""
