"""The LLMs that runs call: real vendors behind one contract, and the rehearsal LLM that needs none."""
