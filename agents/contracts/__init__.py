"""Frozen shapes that the engine, the recorder, the LLMs and the console exchange; no framework."""
