"""What the engine needs from the world, for one claimed run: its `Ports` on the database, the LLMs and the tools."""
