"""The rehearsal LLM behind an OpenAI-compatible endpoint: the real client path, run without a vendor."""
